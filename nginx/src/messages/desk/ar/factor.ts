import type { Words } from "../types";

export default {
  factor_title: "العامل الثاني",
  factor_about: "معه يطلب تسجيل الدخول، إلى جانب كلمة المرور، رمزًا من تطبيق مصادقة على هاتفك.",
  factor_required: "هذا الخادم يطلبه من الجميع. قم بإعداده ثم تابع.",
  factor_password: "كلمة مرورك",
  factor_begin: "إعداد",
  factor_scan: "امسح هذا بالتطبيق، أو اكتب فيه النص أدناه.",
  factor_qr: "رمز QR لتطبيق المصادقة",
  factor_secret: "نص للتطبيق",
  factor_code: "الرمز الذي يعرضه التطبيق",
  factor_confirm: "تفعيل",
  factor_codes:
    "تم التفعيل. دوّن رموز الاسترداد هذه: كل منها يتيح لك الدخول مرة واحدة دون التطبيق. لن تظهر إلا الآن.",
  factor_list: "رموز الاسترداد",
  factor_copy: "نسخ الرموز",
  factor_done: "دوّنتها",
  factor_on: "مفعّل. رموز الاسترداد المتبقية: {left}.",
  factor_off: "إيقاف",
  factor_off_code: "رمز التطبيق أو رمز استرداد",
  factor_is_off: "العامل الثاني متوقف.",
} satisfies Words<"factor">;
