"""How much is made, and how it is shared out among trials, subscriptions and what staff give."""

import argparse
from dataclasses import asdict, dataclass

FORMAT = 1  # of what the generator writes; another number makes everything anew
TITLES = 3  # the demo's verticals: nobody tries one twice


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is asked for. A third of the grants are trials, 45 % subscriptions of organisations, the rest staff's."""

    readers: int
    grants: int
    articles: int
    seed: int = 7

    @property
    def trials(self) -> int:
        """Trial grants, each with its row in the ledger."""
        return self.grants // 3

    @property
    def subscriptions(self) -> int:
        """Grants of subscriptions, all held by organisations."""
        return self.grants * 45 // 100

    @property
    def contracts(self) -> int:
        """Grants that staff gave to organisations."""
        return (self.grants - self.trials - self.subscriptions) * 2 // 5

    @property
    def gifts(self) -> int:
        """Grants that staff gave to readers."""
        return self.grants - self.trials - self.subscriptions - self.contracts

    def known_by(self) -> dict[str, int]:
        """What makes two databases the same."""
        return {**asdict(self), "format": FORMAT}

    def name(self) -> str:
        """The folder's name."""
        return "-".join(str(number) for number in asdict(self).values())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sizes as words of the command line."""
    parser.add_argument("--readers", type=int, default=1_000_000, help="default 1,000,000")
    parser.add_argument("--grants", type=int, help="default three for each reader")
    parser.add_argument("--articles", type=int, help="beside the demo's; default one for ten readers")
    parser.add_argument("--seed", type=int, default=7, help="another one makes other data (default 7)")


def chosen(asked: argparse.Namespace) -> Sizes:
    """The sizes that were asked for. Raises SystemExit for those that nothing can be made of."""
    grants = 3 * asked.readers if asked.grants is None else asked.grants
    articles = asked.readers // 10 if asked.articles is None else asked.articles
    sizes = Sizes(asked.readers, grants, articles, asked.seed)
    if sizes.readers < 10 or sizes.grants < 10 or sizes.articles < 1:
        raise SystemExit("At least ten readers, ten grants and one article are needed.")
    if sizes.trials > TITLES * sizes.readers:
        raise SystemExit(f"{sizes.readers} readers cannot try so much: at most {9 * sizes.readers} grants.")
    return sizes
