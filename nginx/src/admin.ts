import { BackCloses } from "./admin/back";
import { startPage } from "./admin/i18n";
import { AdminPage } from "./admin/page";

new BackCloses().start();
void startPage("desk", "link", "terms").then(() => new AdminPage().start());
