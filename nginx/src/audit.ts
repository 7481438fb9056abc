import { AuditPage } from "./admin/audit/page";
import { startPage } from "./admin/i18n";

await startPage("audit");
void new AuditPage(location).start();
