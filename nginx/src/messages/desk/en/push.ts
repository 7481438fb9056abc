// Being told in the browser.

export default {
  push_about:
    "This browser shows a notification when somebody has sent you files, also when this page is closed.",
  push_here: "Tell me here",
  push_on: "This browser is told what arrives.",
  push_asking:
    "Your browser is asking whether this page may show notifications: allow it there. Where you see no question, click on the sign beside the address.",
  push_waiting: "The browser is getting an address from its push service …",
  push_stop: "Stop telling me here",
  push_test: "Show a test",
  push_tested: "A test is on its way.",
  push_others: "Your other browsers",
  push_since: "since {day}",
  push_failing: "Cannot be reached at the moment",
  push_off: "Switched off, as nothing reached it for five days",

  // Why it cannot be told.
  push_insecure:
    "Browsers show notifications only for pages at https:// (or on the machine itself). Open this page by its https address.",
  push_home_screen:
    "On an iPhone or iPad, put this page on the Home Screen first: Share, then Add to Home Screen. Open it from there, and click here again.",
  push_unable: "This browser has no notifications by Web Push.",
  push_blocked:
    "Notifications of this page are blocked in this browser. Allow them in its settings for this site, then try again.",
  push_dismissed:
    "The browser was not allowed to show notifications. Click again, and allow it when it asks.",
  push_no_service:
    "The browser's push service gave no address. Some browsers have none, or need it switched on in their settings; a network may also keep it away.",
};
