"""Random articles, readers and instants, dense around the same few instants so that boundaries meet."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from portal.access.vocabulary import (
    ArticleAccess,
    ArticleFacts,
    ArticleState,
    AwaitedFacts,
    EndCause,
    GrantFacts,
    InvitationFacts,
    ReaderFacts,
    Source,
    VerticalFacts,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
SLUGS = ("health", "fintech", "media")
BEFORE = START - timedelta(days=9)
TICK = timedelta(microseconds=1)

# Drawn as one choice each: they are half of everything that is drawn.
instants = st.sampled_from([START + timedelta(hours=hours) + tick * TICK for hours in range(13) for tick in (0, -1, 1)])
maybe = st.none() | instants
slugs = st.sampled_from(SLUGS)


@st.composite
def grants(draw: st.DrawFn, grant_id: int = 0) -> GrantFacts:
    """A grant as the database would allow it."""
    starts_at = draw(instants)
    ends_at = starts_at + timedelta(hours=draw(st.integers(1, 8)))
    source = draw(st.sampled_from(Source))
    held = source is not Source.TRIAL and draw(st.booleans())
    seated_from = draw(maybe) if held else None
    closes = seated_from is not None and draw(st.booleans())
    graced = source is Source.SUBSCRIPTION and draw(st.booleans())
    return GrantFacts(
        grant_id=grant_id or draw(st.integers(1, 10_000)),
        vertical=draw(slugs),
        source=source,
        starts_at=starts_at,
        ends_at=ends_at,
        grace_until=ends_at + timedelta(hours=draw(st.integers(0, 4))) if graced else None,
        revoked_at=draw(maybe),
        end_cause=draw(st.none() | st.sampled_from(EndCause)),
        organisation_id=draw(st.integers(1, 2)) if held else None,
        manages=held and (seated_from is None or draw(st.booleans())),
        seated_from=seated_from,
        seated_until=seated_from + timedelta(hours=draw(st.integers(0, 5))) if seated_from and closes else None,
    )


def _spans(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    since = draw(instants)
    return draw(slugs), since, since + timedelta(hours=draw(st.integers(1, 5)))


@st.composite
def awaited(draw: st.DrawFn) -> AwaitedFacts:
    """A payment that came back."""
    return AwaitedFacts(*_spans(draw))


@st.composite
def invitations(draw: st.DrawFn) -> InvitationFacts:
    """A seat that waits."""
    return InvitationFacts(draw(st.integers(1, 99)), *_spans(draw))


readers = st.builds(
    ReaderFacts,
    reader_id=st.none() | st.just(1),
    sees_everything=st.sampled_from((False, False, False, True)),
    confirmed=st.sampled_from((True, True, True, False)),
    suspended=st.sampled_from((False, False, False, True)),
    grants=st.lists(grants(), max_size=4).map(tuple),
    tried=st.frozensets(slugs, max_size=2),
    awaited=st.lists(awaited(), max_size=1).map(tuple),
    invitations=st.lists(invitations(), max_size=1).map(tuple),
).map(lambda reader: ReaderFacts() if reader.reader_id is None else reader)

members = readers.filter(lambda reader: reader.reader_id is not None)

verticals = st.lists(
    st.builds(VerticalFacts, slug=slugs, trial_open=st.booleans(), on_sale=st.just(True)),
    min_size=1,
    max_size=2,
    unique_by=lambda vertical: vertical.slug,
).map(tuple)

articles = st.builds(
    ArticleFacts,
    article_id=st.just(1),
    state=st.sampled_from((*ArticleState, *[ArticleState.PUBLISHED] * 6)),
    access=st.sampled_from((*ArticleAccess, *[ArticleAccess.SUBSCRIBER] * 6)),
    verticals=verticals,
    published_at=st.sampled_from((BEFORE, BEFORE, START + timedelta(hours=3), None)),
    free_from=st.none() | st.none() | instants,
    free_until=st.none() | st.none() | instants,
)
