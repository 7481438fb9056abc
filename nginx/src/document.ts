import { DocumentPage } from "./admin/document";

void new DocumentPage(location).start();
