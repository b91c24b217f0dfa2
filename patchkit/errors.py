# SPDX-License-Identifier: GPL-2.0-only
"""What went wrong, for whom, and what the process should exit with."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every verb; documented in README.md and held by a test."""

    YES = 0
    """The answer is yes: applied, clean, passed, already there."""
    NO = 1
    """The answer is no: a conflict, a finding, a failed test."""
    USAGE = 2
    """Wrong usage or configuration, or a tree or template that cannot be read."""
    INFRASTRUCTURE = 3
    """No toolchain, lost guest, host error: nothing was learned."""
    NOTHING_RAN = 4
    """Nothing matched, or everything was skipped."""
    INTERRUPTED = 130
    """Ended by the user."""


class PatchkitError(Exception):
    """Root of all expected errors.

    *message* says what was expected, what was found and where; *hint* is the next thing to type
    or do, and may be empty.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(PatchkitError):
    """The request cannot be carried out as it stands."""


class TreeError(PatchkitError):
    """A kernel tree cannot be found, read or parsed."""


class TemplateError(PatchkitError):
    """A series, template or fact definition is wrong."""


class ConflictError(PatchkitError):
    """The tree does not have the shape that a template needs; nothing was written."""

    exit_code = ExitCode.NO


class InfrastructureError(PatchkitError):
    """A program, the machine or the network failed; says nothing about the kernel."""

    exit_code = ExitCode.INFRASTRUCTURE


class NothingRanError(PatchkitError):
    """There was nothing to do the work on."""

    exit_code = ExitCode.NOTHING_RAN
