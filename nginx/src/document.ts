import { DocumentPage } from "./admin/document";
import { startPage } from "./admin/i18n";

void startPage("document").then(() => new DocumentPage(location).start());
