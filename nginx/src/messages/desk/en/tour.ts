// What a desk says on its first day, and a look around.

export default {
  no_mail: "Mail is not set up: nobody is told what arrives.",
  no_address: "This server does not know its own address: mails and reminders cannot name it.",
  set_up: "Set it up",
  not_now: "Not now",
  new_here: "New here? Five short steps show what is where.",
  tour_step: "Step {at} of {steps}",
  tour_next: "Next",
  tour_back: "Back",
  tour_leave: "Leave",
  tour_done: "Done",
  tour_make: "Make a link",
  tour_make_text:
    "“New link” makes one. Say what you ask for and in which folder it lands; everything else can stay as it is.",
  tour_send: "Send it",
  tour_send_text:
    "The link has an address. Copy it, mail it from here or show its QR code. Whoever has it can send files, and needs no account.",
  tour_see: "See who has sent",
  tour_see_text:
    "A link that has something new is marked here, with who sent last and when. New files stand above, until you have looked at them.",
  tour_take: "Take the files",
  tour_take_text:
    "The page of a link has its files: look at them, download one, or all as one archive. On the server they lie in the link's folder.",
  tour_set_up: "Set it up",
  tour_set_up_text:
    "Mail, your name and logo, and how long things are kept stand in the settings. “Log” beside it tells who did what.",
};
