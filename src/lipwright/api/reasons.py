"""Every reason that an error can carry, in one table: ``docs/errors.md`` is made from it.

A reason is a stable word for programs: it never changes its meaning and is never renamed. A test
compares this table with the words that the source uses.
"""

from __future__ import annotations

from typing import Final

REQUEST_REASONS: Final[dict[str, str]] = {
    "malformed": "the request is not well-formed",
    "body_stopped": "the body stopped coming before its end",
    "not_json": "the body is not valid JSON",
    "not_an_object": "the body is JSON but not an object",
    "not_a_form": "the body is not a valid multipart form",
    "bad_value": "a value is not one that the field can have",
    "missing": "the field is required; empty text and null count as absent",
    "wrong_type": "the value is of the wrong type or form",
    "out_of_range": "the number is outside its range",
    "too_many": "the list has too many entries",
    "no_credentials": "the header Authorization is missing",
    "unproven_credentials": "the token is not signed with the SecretKey of a live AccessKey",
    "bad_credentials": "the key or token is not valid",
    "credentials_too_early": "the token is not valid yet",
    "credentials_expired": "the key or token has expired",
    "forbidden": "the caller may not do this",
    "scope": "the key lacks the scope that this needs",
    "unknown_route": "nothing is served at the path",
    "wrong_method": "the path does not know the method",
    "no_such_file": "the file is unknown, or its link was changed or has expired",
    "bad_range": "the byte range lies outside the file",
    "unknown_task": "the account has no such task, or it has expired",
    "busy": "too many requests at the same time; try again later",
    "rate": "the account makes more calls a minute than it may; try again later",
    "no_balance": "the account's balance is less than the price",
    "no_slot": "the account has as many unfinished tasks as it may; try again later",
    "bad_key": "the idempotency key is empty, too long, or not printable ASCII",
    "reused": "the idempotency key was used with another request",
    "still_running": "the first request with this idempotency key is not done; try again later",
    "internal": "the service failed; its log says why under the request's id",
    "unavailable": "the service cannot work now",
    "queue_full": "too many tasks wait already; try again later",
    "no_space": "the service is short of disk space; try again later",
    "no_memory": "the service is short of memory; try again later",
    "timeout": "the file at the URL took too long to come, or the service to answer",
}
"""What can be wrong with a request before its media are looked at, and with the service."""

MEDIA_REASONS: Final[dict[str, str]] = {
    "bad_url": "it is not a valid URL",
    "bad_scheme": "only http and https URLs are fetched",
    "credentials_in_url": "a URL with a user name or password is not accepted",
    "forbidden_address": "the URL's host is in a private network that may not be fetched from",
    "unresolvable": "the URL's host is unknown",
    "unreachable": "no connection could be made to the URL's host",
    "too_many_redirects": "the URL redirects too often",
    "http_status": "the URL's host answered with an error",
    "bad_response": "the URL's host answered with what is not valid HTTP",
    "incomplete": "the connection broke before the file was complete",
    "dead_link": "a link to a file of this service was changed or has expired",
    "expired_file": "the file of this service is not kept any more",
    "empty": "there is nothing in it",
    "too_large": "it has more bytes than allowed",
    "not_base64": "it is neither a URL nor Base64",
    "not_a_video": "the file is no video",
    "wrong_container": "the file is a video, but neither mp4 nor mov",
    "no_video_stream": "the file has no moving picture",
    "unsupported_codec": "the picture is coded in a way that cannot be decoded",
    "truncated": "the file is cut off",
    "damaged": "the file is broken",
    "picture_too_large": "the picture has too many pixels to be decoded",
    "wrong_size": "the picture's width or height is outside the limits",
    "too_short": "it is shorter than allowed",
    "too_long": "it is longer than allowed",
    "wrong_format": "the sound is none of mp3, wav, m4a, aac",
    "no_sound": "the file has no sound",
    "crashed": "reading the file ended the process that read it",
    "out_of_memory": "it needs more memory than allowed",
    "timed_out": "it takes longer than allowed",
}
"""What can be wrong with a video or a sound."""

LINE_REASONS: Final[dict[str, str]] = {
    "unknown_session": "the account has no such session",
    "expired_session": "the session has expired: identify again",
    "unknown_face": "the session has no such face",
    "unknown_video": "the account has no such video",
    "expired_video": "the video is not kept any more",
    "finished": "the task has already succeeded or failed",
    "no_voice_engine": "no text-to-speech engine is installed on this server",
    "unknown_engine": "no such engine is installed",
    "no_weights": "the engine needs weights of the server's owner, and none were added",
    "no_onnxruntime": "the engine needs onnxruntime, which is not installed",
    "no_device": "the installed onnxruntime cannot use the device that the server asks for",
    "empty_crop": "the sound's crop ends before it begins",
    "crop_too_short": "the sound's crop is shorter than allowed",
    "crop_too_long": "the sound's crop is longer than allowed",
    "past_sound_end": "the crop ends after the sound's end",
    "past_video_end": "the line ends after the video's end",
    "past_end": "the line begins after the video's end",
    "too_little_overlap": "the line overlaps the face's interval too little",
    "lines_overlap": "two lines of the same face overlap",
    "conflicting": "the entries disagree where they must agree, or exclude each other",
    "duplicate": "the id is taken already",
    "unknown_priority": "the priority is none of low, normal, high",
    "too_high": "the account may not ask for so high a priority",
    "consent_required": "this server accepts a task only with consent: true",
    "moderated": "a moderator refused it; the message ends with the moderator's reason",
}
"""What can be wrong with what is asked for."""

WORK_REASONS: Final[dict[str, str]] = {
    "closing": "the service is stopping",
    "encode_failed": "the result could not be written",
    "bad_part": "a part of the result is damaged, or the video changed while it was read",
    "disk_full": "no machine that tried it had enough room on its disk",
    "expired": "the video or the sound was removed before the work on it began",
    "models_unavailable": "the weights are not there and could not be fetched",
    "generator_failed": "the neural engine's network failed",
    "speech_model": "the speech model could not be loaded",
    "moderator_failed": "a moderator could not do its work, so nothing is let through",
    "voice_failed": "the text-to-speech engine failed",
    "c2pa": "the signed manifest could not be made: certificate, key or library is wrong",
}
"""What can go wrong in the work itself; a failed task says so in its message."""

LOCAL_REASONS: Final[dict[str, str]] = {
    "address": "the service cannot listen on the address",
    "bad_engine": "the engine that the settings name cannot run here",
    "not_onnx": "the file of weights cannot be loaded by onnxruntime",
    "wrong_shape": "the file of weights is no generator of the family that the engine runs",
    "bad_setting": "a setting or option is not valid",
    "unknown": "there is no such thing",
    "bad_id": "the id is not one that an account can have",
    "no_face": "no face of the video can be lip-synced",
    "no_folder": "the output's folder does not exist",
    "is_folder": "the output is a folder",
    "is_input": "the output is one of the inputs",
}
"""What only the command line and the library say."""

REASONS: Final[dict[str, str]] = {
    **REQUEST_REASONS,
    **MEDIA_REASONS,
    **LINE_REASONS,
    **WORK_REASONS,
    **LOCAL_REASONS,
}
"""All of them: word and meaning."""
