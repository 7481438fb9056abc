import { DocumentPage } from "./admin/document";
import { startPage } from "./admin/i18n";

await startPage("document");
void new DocumentPage(location).start();
