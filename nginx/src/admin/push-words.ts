// What the owner's page says about being told in the browser.

export const PUSH_WORDS = {
  title: "Tell me what arrives",
  about: "This browser shows a notification when somebody has sent you files, also when this page is closed.",
  close: "Close",
  here: "Tell me here",
  on: "This browser is told what arrives.",
  waiting: "The browser is getting an address from its push service …",
  stop: "Stop telling me here",
  test: "Show a test",
  tested: "A test is on its way.",
  others: "Your other browsers",
  remove: "Remove",
  removeNamed: (name: string) => `Remove ${name}`,
  since: (when: string) => `since ${when}`,
  failing: "Cannot be reached at the moment",
  off: "Switched off, as nothing reached it for five days",
  insecure:
    "Browsers show notifications only for pages at https:// (or on the machine itself). Open this page by its https address.",
  homeScreen:
    "On an iPhone or iPad, put this page on the Home Screen first: Share, then Add to Home Screen. Open it from there, and click here again.",
  unable: "This browser has no notifications by Web Push.",
  blocked:
    "Notifications of this page are blocked in this browser. Allow them in its settings for this site, then try again.",
  dismissed: "The browser was not allowed to show notifications. Click again, and allow it when it asks.",
  noService:
    "The browser's push service gave no address. Some browsers have none, or need it switched on in their settings; a network may also keep it away.",
  failed: "The bell could not be loaded. Check the connection, and click again.",
} as const;
