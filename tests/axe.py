"""axe-core on a page of Chromium: what it finds wrong, in one call."""

from typing import Any

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

_SCRIPT = Axe().axe_script
# Nodes of rules that pass are not gathered: nobody looks at them, and they are the costly part.
_RUN = """async (only) => {
  const options = {resultTypes: ["violations"]};
  if (only) options.runOnly = {type: "rule", values: only};
  const found = await axe.run(document, options);
  return {
    passed: found.passes.length,
    violations: found.violations.map(v => ({id: v.id, html: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))})),
  };
}"""
# A page in the dark is the same page with other colours: same elements, same places. Other rules would say the same.
OF_COLOUR = ("color-contrast", "link-in-text-block")


def violations(page: Page, *, scheme: str = "light") -> list[str]:
    """What axe's rules find on the page as it stands: all of them in the light, those about colour in the dark.

    The light view of the same page and width must be asked too.
    """
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(_SCRIPT)
    found: dict[str, Any] = page.evaluate(_RUN, list(OF_COLOUR) if scheme == "dark" else None)
    assert scheme == "dark" or found["passed"] > 10, "axe did not look at this page"
    return [f"{violation['id']}: {'; '.join(violation['html'])}" for violation in found["violations"]]
