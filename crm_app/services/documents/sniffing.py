"""What a file really is, by its first bytes: names and the browser's words are not believed."""

from typing import BinaryIO, Final

from crm_app.errors import InvalidInputError
from crm_app.services.documents.table import FileKind

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
# What an encrypted workbook keeps inside its old-style envelope.
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_OTHERS: Final = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a compressed file (gzip): unpack it first"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "a text document"),
    (b"SQLite format 3", "a database"),
)
_MARKUP: Final = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<workbook")
_WANTED: Final = "Save it as CSV or XLSX and upload that."


def kind_of(file: BinaryIO) -> FileKind:
    """CSV or XLSX, by content.

    Raises:
        InvalidInputError: If it is empty or something else, with a sentence that says what.
    """
    file.seek(0)
    head = file.read(8_192)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise InvalidInputError("The file is empty.")
    if head.startswith(_ZIP):
        return FileKind.XLSX
    if head.startswith(_OLE):
        raise InvalidInputError(_old_office(file))
    for start, name in _OTHERS:
        if head.startswith(start):
            raise InvalidInputError(f"The file is {name}. {_WANTED}")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise InvalidInputError(
            f"The file is a web page or XML that only carries another name. {_WANTED}"
        )
    return FileKind.CSV


def _old_office(file: BinaryIO) -> str:
    file.seek(0)
    before = b""
    while block := file.read(1 << 20):
        if _ENCRYPTED in before + block:
            return "The workbook is protected by a password. Save it without one and try again."
        before = block[-len(_ENCRYPTED) :]
    return f"The file is an old Excel workbook (.xls). {_WANTED}"
