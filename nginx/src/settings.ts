import { SettingsPage } from "./admin/settings/page";

void new SettingsPage().start();
