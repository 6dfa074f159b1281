"""An export as an HTTP response: a file to keep, with an ETag once it cannot change any more."""

from fastapi import Response

from webui.exports import Export
from webui.exports.tags import matches


def file_response(export: Export, if_none_match: str | None = None) -> Response:
    """The file; 304 where the client has it already."""
    if export.etag is None:
        headers = {"Cache-Control": "no-store"}
    else:
        headers = {"Cache-Control": "private, no-cache", "ETag": export.etag}
        if matches(export.etag, if_none_match):
            return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    headers["X-Content-Type-Options"] = "nosniff"
    return Response(export.data, media_type=export.media_type, headers=headers)
