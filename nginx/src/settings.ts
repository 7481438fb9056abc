import { startPage } from "./admin/i18n";
import { SettingsPage } from "./admin/settings/page";

void startPage("settings").then(() => new SettingsPage().start());
