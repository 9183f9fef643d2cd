"""The codes that carriers want, with our number in the form that they want."""

from __future__ import annotations

import re

import pytest

from callwaiting.core.errors import ValidationFailed
from callwaiting.features.phone_numbers import forwarding
from tests.api_client import ApiClient

US, GB, DE = "+12125550107", "+442079460018", "+493023125010"


@pytest.mark.parametrize(
    ("carrier", "number", "expected"),
    [
        ("gsm", US, {"no_answer": "**61*+12125550107*11*20#", "busy": "**67*+12125550107*11#",
                     "unreachable": "**62*+12125550107*11#"}),
        ("tmobile_us", US, {"no_answer": "**61*+12125550107*11*20#", "busy": "**67*+12125550107*11#",
                            "unreachable": "**62*+12125550107*11#"}),
        ("verizon_us", US, {"no_answer": "*712125550107", "busy": "*712125550107"}),
        ("landline_us", US, {"no_answer": "*922125550107", "busy": "*902125550107"}),
        ("bt_gb", GB, {"no_answer": "*61*02079460018#", "busy": "*67*02079460018#"}),
        ("bt_gb", US, {"no_answer": "*61*0012125550107#", "busy": "*67*0012125550107#"}),
        ("telekom_de", DE, {"no_answer": "*61*03023125010#", "busy": "*67*03023125010#"}),
        ("telekom_de", US, {"no_answer": "*61*0012125550107#", "busy": "*67*0012125550107#"}),
    ],
)  # fmt: skip
def test_what_is_dialled(carrier: str, number: str, expected: dict[str, str]) -> None:
    assert {code.condition: code.activate for code in forwarding.codes(carrier, number, 20)} == expected


def test_every_carrier_can_be_left_again_and_dials_what_a_phone_has() -> None:
    assert len(forwarding.carriers()) >= 9
    for key, carrier in forwarding.carriers().items():
        number = {"GB": GB, "DE": DE}.get(carrier.countries[0] if carrier.countries else "", US)
        found = forwarding.codes(key, number, 30)
        assert {"no_answer", "busy"} <= {code.condition for code in found}, key
        assert carrier.timed == any("{seconds}" in code["activate"] for code in carrier.codes.values()), key
        for code in found:
            for dialled in (code.activate, code.deactivate, code.query or "0"):
                assert re.fullmatch(r"[0-9*#+]{1,40}", dialled), (key, dialled)
            assert code.activate != code.deactivate


def test_a_carrier_without_calls_abroad_is_said() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        forwarding.codes("verizon_us", GB, 20)
    assert [field.field for field in refusal.value.fields] == ["carrier"]


def test_codes_for_ones_own_number(owner: ApiClient, stranger: ApiClient) -> None:
    number = owner.post("/phone-numbers", {"number": US})["id"]
    path = f"/phone-numbers/{number}/forwarding"
    found = owner.get(f"{path}?seconds=15")
    verizon = owner.get(f"{path}?carrier=verizon_us")

    assert found["carrier"] == owner.get("/forwarding-carriers")["items"][0]
    assert (found["number"], found["seconds"]) == (US, 15)
    assert found["codes"][0] == {
        "condition": "no_answer", "activate": "**61*+12125550107*11*15#", "deactivate": "##61#", "query": "*#61#",
    }  # fmt: skip
    assert (verizon["seconds"], verizon["codes"][0]["query"]) == (None, None)
    assert stranger.send("GET", path).status_code == 404
    for wrong in ("carrier=nobody", "seconds=7", "seconds=35", "carrier=../x"):
        assert owner.send("GET", f"{path}?{wrong}").status_code == 422
