import { AdminPage } from "./admin/page";

new AdminPage().start();
