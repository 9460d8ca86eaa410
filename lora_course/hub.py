"""The Hugging Face Hub: whether it answers. Asked once and briefly, before its library, which asks
five times and tells of each."""

from __future__ import annotations

from pathlib import Path

SECONDS = 3  # to connect, and to answer


def hub_answers() -> bool:
    """Whether the Hub can be reached; where not, only what was fetched before can be used.

    Any answer counts, also one that refuses.
    """
    from huggingface_hub import constants, get_session, is_offline_mode

    if is_offline_mode():
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=SECONDS)
    except Exception:  # of the network, names, certificates: each library has kinds of its own
        return False
    return True


def fetched(repository: str, file: str) -> Path:
    """A file of a repository on the Hub, from there or as it was fetched before.

    ConnectionError where the Hub does not answer and it was not; huggingface_hub's other errors.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    answers = hub_answers()
    try:
        return Path(hf_hub_download(repository, file, local_files_only=not answers))
    except LocalEntryNotFoundError as error:
        raise ConnectionError(
            f"the Hub does not answer from here, and {file} was not fetched before."
        ) from error
