"""The plot of a result in a terminal: letters for its codecs."""

import json
from collections.abc import Callable
from typing import Any

import complab
from complab.page.plots import plot_of

Document = dict[str, Any]


def test_every_codec_has_a_letter_of_its_own(
    document: Document, save: Callable[..., str]
) -> None:
    """Capitals are for the front alone, and no letter is outside of ASCII.

    Beyond 26 codecs, those that are left share a question mark.
    """
    copy = json.loads(json.dumps(document))
    first, *_ = copy["configurations"]
    measurements = [
        each for each in copy["measurements"] if each["configuration"] == first["id"]
    ]
    names = ["ZSTD", "Zstd", "\u00fcber", "\u5727\u7e2e", *(f"z{n}" for n in range(24))]
    copy["configurations"] = [
        {**first, "id": place, "codec": name} for place, name in enumerate(names)
    ]
    copy["measurements"] = [
        {**each, "configuration": place}
        for place in range(len(names))
        for each in measurements
    ]
    plot = plot_of(complab.load(save(copy)).record, "compress")
    letters = [letter for letter, _ in plot.key]
    assert letters[:4] == ["z", "s", "b", "a"]
    assert len(set(letters[:26])) == 26
    assert all(each.isascii() and each.islower() for each in letters[:26])
    assert letters[26:] == ["?", "?"]
