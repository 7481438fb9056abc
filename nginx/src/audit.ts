import { AuditPage } from "./admin/audit/page";
import { startPage } from "./admin/i18n";

void startPage("audit").then(() => new AuditPage(location).start());
