import { need } from "./dom";
import { currentLanguage, onLanguage, rememberLanguage, useLanguage } from "./i18n";
import { offerLanguages } from "./languages";

export class LanguageSwitch {
  constructor() {
    const choice = need("language-choice", HTMLSelectElement);
    onLanguage(() => {
      choice.value = currentLanguage();
    });
    offerLanguages(choice, currentLanguage(), (chosen) => {
      rememberLanguage(chosen);
      void useLanguage(chosen);
    });
    need("language").hidden = false;
  }
}
