import { need } from "./dom";
import { currentLanguage, isLanguage, LANGUAGES, rememberLanguage, useLanguage } from "./i18n";

/** Every language by its own name, so that who landed in a wrong one finds out again. */
export class LanguageSwitch {
  constructor() {
    const choice = need("language-choice", HTMLSelectElement);
    for (const [tag, name] of Object.entries(LANGUAGES)) {
      const option = new Option(name, tag);
      option.lang = tag;
      choice.append(option);
    }
    choice.value = currentLanguage();
    choice.addEventListener("change", () => {
      if (!isLanguage(choice.value)) return;
      rememberLanguage(choice.value);
      void useLanguage(choice.value);
    });
    need("language").hidden = false;
  }
}
