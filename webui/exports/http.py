"""An export as an HTTP response: a file to keep, with an ETag once it cannot change any more."""

from fastapi import Response

from webui.exports import Export


def file_response(export: Export, if_none_match: str | None = None) -> Response:
    """The file; 304 where the client has it already."""
    if export.etag is None:
        headers = {"Cache-Control": "no-store"}
    else:
        headers = {"Cache-Control": "private, no-cache", "ETag": export.etag}
        if _has(if_none_match or "", export.etag):
            return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    headers["X-Content-Type-Options"] = "nosniff"
    return Response(export.data, media_type=export.media_type, headers=headers)


def _has(if_none_match: str, etag: str) -> bool:
    """Whether the header names the tag; weak and strong ones of the same text are alike here (RFC 9110)."""
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in named or etag.removeprefix("W/") in named
