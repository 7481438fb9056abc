"""What messages to people say: every text there is, in English. The other languages stand in ``languages.py``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Texts of mails and of messages to chats. Braces are filled in; what ends in ``one`` is said of a single file."""

    language: str
    arrived_one: str
    arrived: str
    arrived_subject_one: str
    arrived_subject: str
    removed_one: str
    removed: str
    senders: str
    more_one: str
    more: str
    see_them: str
    why_owner: str
    confirmed_subject_one: str
    confirmed_subject: str
    confirmed: str
    confirmed_untitled: str
    receipt: str
    receipt_of_some: str
    why_sender: str
    asked_subject: str
    asked_subject_untitled: str
    asked: str
    send_here: str
    for_whom: str
    until: str
    needs_password: str
    why_asked: str
    returned_subject: str
    returned: str
    returned_untitled: str
    why_returned: str
    reminder_subject: str
    reminder_subject_untitled: str
    hello: str
    still_asked: str
    due: str
    was_due: str
    no_late: str
    sent_already: str
    why_reminded: str
    stop_reminders: str
    join_subject: str
    join: str
    join_by: str
    join_here: str
    join_until: str
    why_join: str
    test_subject: str
    test: str
    test_chat: str

    @property
    def direction(self) -> str:
        """Of writing, as HTML has it."""
        return "rtl" if self.language == "ar" else "ltr"


ENGLISH = Words(
    language="en",
    arrived_one="One file ({size}) has arrived: {title}",
    arrived="{files} files ({size}) have arrived: {title}",
    arrived_subject_one="One file has arrived: {title}",
    arrived_subject="{files} files have arrived: {title}",
    removed_one="A file was taken back by its sender: {title}",
    removed="{files} files were taken back by their senders: {title}",
    senders="From {senders}.",
    more_one="and one more",
    more="and {files} more",
    see_them="See and fetch them",
    why_owner="You get this mail because this Droppr server, or the link itself, names your address for news of it.",
    confirmed_subject_one="Your file has arrived",
    confirmed_subject="Your {files} files have arrived",
    confirmed="What was sent for \u201c{title}\u201d with your address has arrived:",
    confirmed_untitled="What was sent with your address has arrived:",
    receipt="The receipt is attached. It is signed by the server; \u201cdroppr verify\u201d checks your files against it.",
    receipt_of_some="The receipt is attached, with the first {files} files. The page you sent them from gives one of all.",
    why_sender="You get this mail because your address was given when these files were sent. If that was not you, you need not "
    "do anything.",
    asked_subject="Please send files: {title}",
    asked_subject_untitled="Please send files",
    asked="You are asked for files. Open this address, choose them and send them; you need no account.",
    send_here="Send files here",
    for_whom="The files are for {asker}.",
    until="It takes files until {when} UTC.",
    needs_password="It asks for a password, which whoever asks you tells you by another way.",
    why_asked="You get this mail because somebody who uses this Droppr server asked you for files. If you expect no such request, "
    "do not answer it.",
    returned_subject="Please send again: {item}",
    returned="What you sent for \u201c{item}\u201d of \u201c{title}\u201d was sent back to you:",
    returned_untitled="What you sent for \u201c{item}\u201d was sent back to you:",
    why_returned="You get this mail because your address belongs to files that were asked for. If they are not yours, you need not do "
    "anything.",
    reminder_subject="Reminder: please send files: {title}",
    reminder_subject_untitled="Reminder: please send files",
    hello="Hello {name},",
    still_asked="You were asked for files, and not all of them have arrived yet.",
    due="They are due on {when} UTC.",
    was_due="They were due on {when} UTC.",
    no_late="After that no more files are taken.",
    sent_already="If you have sent them already, you need not do anything.",
    why_reminded="You get this mail because somebody who uses this Droppr server asked you for files.",
    stop_reminders="No more reminders to this address",
    join_subject="You are invited to {server}",
    join="You are invited to have an account on a Droppr server, by which files are received.",
    join_by="{name} invites you to have an account on a Droppr server, by which files are received.",
    join_here="Choose a name and a password",
    join_until="The address works once, until {when} UTC.",
    why_join="You get this mail because an admin of this Droppr server typed your address. If you expect no invitation, you need not do anything.",
    test_subject="Droppr can send mail",
    test="This is a test that the owner of this Droppr server asked for. Mail from it arrives.",
    test_chat="This is a test that the owner of this Droppr server asked for. What arrives will be told here.",
)
