import type { Words } from "../types";

export default {
  log_in_as: "تسجيل الدخول باسم {name}",
  log_in_with: "تسجيل الدخول عبر {label}",
  or_here: "أو هنا:",
  identities: "تسجيلات دخول من أماكن أخرى",
  identities_about: "بها تدخل من دون كلمة مرور هذا الخادم.",
  identity_proxy: "الوكيل الأمامي",
  identity_used: "آخر استخدام {when}",
  identity_take: "إزالة",
  identity_take_item: "إزالة {name}",
  identity_taken: "لم يعد {name} يفتح هذا الحساب.",
  identity_taken_from: "لم يعد {name} يفتح الحساب {account}.",
  identity_taking: "لن يفتح {name} الحساب {account} بعد ذلك، وتنتهي الجلسات التي بدأت به.",
  identity_proxy_taking:
    "تنتهي الجلسات التي بدأها {name} عبر الوكيل. ومتى ذكر الوكيل الاسم من جديد دخل {name} ثانية: لمنع ذلك أوقف الحساب.",
  identity_proxy_taken: "انتهت الجلسات التي بدأها {name} عبر الوكيل.",
  identity_go: "الانتقال إلى {label}",
  identity_add: "إضافة {label}",
} satisfies Words<"elsewhere">;
