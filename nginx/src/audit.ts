import { AuditPage } from "./admin/audit/page";

void new AuditPage(location).start();
