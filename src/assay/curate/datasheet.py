"""The datasheet of a curated corpus: Croissant 1.0 metadata, JSON-LD, of the files that a run has written.

References
----------
.. [1] MLCommons, "Croissant Format Specification", version 1.0, 2024-03-01, mlcommons.org/croissant/1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.curate.run_inputs import InputFile

REQUIRED = (
    *("@context", "@type", "conformsTo", "description", "license", "name", "url", "creator"),
    *("datePublished", "distribution"),
)
"""What the specification requires of a data set ("Required", and "Modified and Added Properties")."""

FORMATS = {".zst": "application/zstd", ".parquet": "application/x-parquet"}
COLUMNS = {
    "doc_id": "What names the document.",
    "text": "The document.",
    "source": "Where it came from.",
}

CONTEXT: Mapping[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of the specification's appendix 1."""


@dataclass(frozen=True, slots=True)
class DatasheetSettings:
    """What the datasheet says of the corpus and no file can tell.

    Parameters
    ----------
    dataset
        Its name; where empty, one out of the inputs' names.
    description, creator, url, license
        Left out of the datasheet where empty, and said to be missing.
    version
        Of the data set, as 1.0.0.
    date_published
        As 2026-11-23; where empty, the day on which the newest input file was last changed.
    """

    dataset: str = ""
    description: str = ""
    creator: str = ""
    url: str = ""
    license: str = ""
    version: str = "1.0.0"
    date_published: str = ""


def datasheet(
    settings: DatasheetSettings,
    record: Mapping[str, Any],
    inputs: Sequence[InputFile],
) -> dict[str, object]:
    """Return the datasheet of a run.

    Parameters
    ----------
    settings
    record
        Counts and files of the run, see `assay.curate.run.run`.
    inputs
        What the corpus was made from.

    Notes
    -----
    What nobody has said is left out, license and creator above all: see `lacking`. A tool that fills them in makes the
    corpus look cleared when it is not.
    """
    said = {
        "license": settings.license,
        "url": settings.url,
        "creator": {"@type": "Organization", "name": settings.creator} if settings.creator else "",
        "version": settings.version,
    }
    newest = max((each.modified for each in inputs), default="")
    documents = [file for file in record["outputs"] if file["file"].startswith("documents-")]
    return {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": settings.dataset or _name(inputs),
        "description": settings.description or _description(record),
        "datePublished": settings.date_published or newest,
        **{key: value for key, value in said.items() if value},
        "isBasedOn": [
            {"@type": "sc:Dataset", "name": each.path, "identifier": f"sha256:{each.sha256}"}
            for each in inputs
        ],
        "distribution": [*(_file(file) for file in record["outputs"]), _file_set(documents)],
        "recordSet": [_records(documents)],
    }


def lacking(sheet: Mapping[str, object]) -> tuple[str, ...]:
    """Return what the specification requires and a datasheet does not say."""
    return tuple(name for name in REQUIRED if not sheet.get(name))


def _name(inputs: Sequence[InputFile]) -> str:
    """Return a name out of the inputs: the folder's that is written to may differ between two equal runs."""
    first = inputs[0].source or Path(inputs[0].path).name.partition(".")[0]
    more = len(inputs) - 1
    return f"{first}{f' and {more} more' if more else ''}, curated"


def _description(record: Mapping[str, Any]) -> str:
    reasons = ", ".join(
        f"{row['documents']:,} {row['reason']}"
        for row in sorted(record["dropped"], key=lambda row: (-row["documents"], row["reason"]))
    )
    rejected = sum(record["rejected"].values())
    return (
        f"{record['kept']:,} documents kept of {record['records']:,} records; "
        f"dropped: {reasons or 'none'}; not readable: {rejected:,}."
        f"{_cut_off(record['cut_off'])}"
    )


def _cut_off(places: Sequence[Mapping[str, str]]) -> str:
    if not places:
        return ""
    where = ", ".join(place["where"] for place in places)
    return f" Read up to where it is cut off or damaged, and not counted beyond: {where}."


def _file(file: Mapping[str, Any]) -> dict[str, object]:
    name = str(file["file"])
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{file['bytes']} B",
        "encodingFormat": FORMATS[name[name.rindex(".") :]],
        "sha256": file["sha256"],
    }


def _file_set(documents: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    ending = str(documents[0]["file"]).partition(".")[2]
    return {
        "@type": "cr:FileSet",
        "@id": "documents-files",
        "name": "documents-files",
        "encodingFormat": "application/jsonlines" if ending != "parquet" else FORMATS[".parquet"],
        "includes": f"documents-*.{ending}",
    }


def _records(documents: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    parquet = str(documents[0]["file"]).endswith(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": "documents",
        "name": "documents",
        "key": {"@id": "documents/doc_id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"documents/{name}",
                "name": name,
                "description": what,
                "dataType": "sc:Text",
                "source": {
                    "fileSet": {"@id": "documents-files"},
                    "extract": {"column": name} if parquet else {"jsonPath": f"$.{name}"},
                },
            }
            for name, what in COLUMNS.items()
        ],
    }
