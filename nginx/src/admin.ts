import { startPage } from "./admin/i18n";
import { AdminPage } from "./admin/page";

void startPage("desk", "link", "terms").then(() => new AdminPage().start());
