"""Members of archives: what is written comes back, and nothing that is not."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.ledger.ingest.source import Source
from assay.ledger.ingest.zip_members import FREE_MEMBER_BYTES, MemberError, ZipMembers
from ledger.ingest.archive_bytes import DEFLATED, STORED, ZSTANDARD, Member, archive

METHODS = (STORED, DEFLATED, ZSTANDARD)


def _opened(tmp_path: Path, data: bytes) -> ZipMembers:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    return ZipMembers(Source(path))


@given(st.lists(st.tuples(st.binary(max_size=3_000), st.sampled_from(METHODS)), max_size=8))
def test_what_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[tuple[bytes, int]]
) -> None:
    members = [Member(f"{n}/ä.json", data, method) for n, (data, method) in enumerate(bodies)]
    with _opened(tmp_path_factory.mktemp("zip"), archive(members)) as opened:
        assert [(m.filename, opened.read(m)) for m in opened.members] == [
            (m.name, m.data) for m in members
        ]


@given(st.integers(0, 2**16), st.binary(min_size=1, max_size=4))
def test_damage_never_gives_other_bytes(
    tmp_path_factory: pytest.TempPathFactory, position: int, noise: bytes
) -> None:
    honest = {f"{n}.json": random.Random(n).randbytes(200) * 3 for n in range(3)}
    data = bytearray(
        archive([Member(name, body, METHODS[n]) for n, (name, body) in enumerate(honest.items())])
    )
    start = position % len(data)
    data[start : start + len(noise)] = noise
    try:
        opened = _opened(tmp_path_factory.mktemp("zip"), bytes(data))
    except BadInput:
        return
    with opened:
        for member in opened.members:
            try:
                body = opened.read(member)
            except MemberError:
                continue
            assert body == honest.get(member.filename, body)
            assert body in honest.values() or len(body) == 0


def test_archive_of_the_standard_library(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("samples/ü.json", "x" * 10_000)
        with written.open("streamed.json", "w", force_zip64=True) as stream:
            stream.write(b"y" * 500)
    with ZipMembers(Source(path)) as opened:
        assert [len(opened.read(m)) for m in opened.members] == [10_000, 500]
        assert opened.get("streamed.json") is opened.members[1]
        assert opened.get("nothing") is None


def test_members_come_in_file_order(tmp_path: Path) -> None:
    data = archive([Member("b", b"1"), Member("a", b"2"), Member("c", b"3")])
    first, second = (
        data.index(b"PK\x01\x02"),
        data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1),
    )
    entry = second - first
    swapped = (
        data[:first] + data[second : second + entry] + data[first:second] + data[second + entry :]
    )
    with _opened(tmp_path, swapped) as opened:
        assert [m.filename for m in opened.members] == ["b", "a", "c"]


@pytest.mark.parametrize("method", METHODS)
def test_large_honest_member(tmp_path: Path, method: int) -> None:
    body = random.Random(3).randbytes(2**20) * 65
    assert len(body) > FREE_MEMBER_BYTES
    packed = None
    if method == DEFLATED:
        import zlib

        packer = zlib.compressobj(1, wbits=-15)
        packed = packer.compress(body) + packer.flush()
    with _opened(tmp_path, archive([Member("big", body, method, packed=packed)])) as opened:
        assert opened.read(opened.members[0]) == body


def test_zstandard_in_several_frames(tmp_path: Path) -> None:
    import zstandard

    frames = zstandard.compress(b"one ") + zstandard.compress(b"two")
    with _opened(tmp_path, archive([Member("m", b"one two", ZSTANDARD, packed=frames)])) as opened:
        assert opened.read(opened.members[0]) == b"one two"


def test_archive_in_gzip_is_refused(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.zip.gz"
    path.write_bytes(gzip.compress(archive([Member("m", b"1")])))
    with pytest.raises(BadInput, match="unpack it first"):
        ZipMembers(Source(path))


def test_message_for_a_truncated_archive(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        _opened(tmp_path, archive([Member("m", b"1" * 99)])[:-30])
    assert "truncated" in str(caught.value)
    assert "next: unzip -t" in str(caught.value)
