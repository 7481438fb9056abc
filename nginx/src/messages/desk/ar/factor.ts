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
  passkeys: "مفاتيح المرور",
  passkeys_about:
    "بمفتاح المرور تسجّل الدخول بالإصبع أو الوجه أو رمز PIN، دون اسم وكلمة مرور. عندها لا تكفي كلمة المرور وحدها لفتح حسابك: أضف مفتاحين، أو أعدّ تطبيقًا أعلاه.",
  passkeys_nowhere: "لا يمكن إضافة أي مفتاح هنا.",
  passkeys_not_here:
    "لا مفاتيح مرور لهذا المتصفح على هذا العنوان. افتح الصفحة على عنوانها https الذي له اسم.",
  passkey_add: "إضافة مفتاح مرور",
  passkey_name: "اسم مفتاح المرور",
  passkey_name_hint: "أين يُحفظ، مثل: الهاتف، الحاسوب، سلسلة المفاتيح.",
  passkey_added: "أُضيف مفتاح المرور {name}.",
  passkey_made: "أُنشئ في {date}",
  passkey_used: "استُخدم {when}",
  passkey_unused: "لم يُستخدم بعد",
  passkey_remove: "إزالة {name}",
  passkey_removing:
    "لن يستطيع أحد الدخول به بعد ذلك. وإن كان العامل الثاني الوحيد، تكفي كلمة المرور وحدها من جديد. وتنتهي جلساتك الأخرى: يبقى هذا المتصفح مسجّل الدخول.",
  passkey_remove_yes: "إزالة",
  passkey_removed: "أُزيل مفتاح المرور {name}.",
} satisfies Words<"factor">;
