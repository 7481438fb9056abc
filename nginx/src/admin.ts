import { startPage } from "./admin/i18n";
import { AdminPage } from "./admin/page";

await startPage("desk", "link", "terms");
new AdminPage().start();
