import { need } from "./dom";
import { currentLanguage, rememberLanguage, useLanguage } from "./i18n";
import { offerLanguages } from "./languages";

export class LanguageSwitch {
  constructor() {
    offerLanguages(need("language-choice", HTMLSelectElement), currentLanguage(), (chosen) => {
      rememberLanguage(chosen);
      void useLanguage(chosen);
    });
    need("language").hidden = false;
  }
}
