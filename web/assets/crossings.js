// crossings.js reads one record, with a reason, and shows it until the dialog is closed.
import { records } from "./record.js";

records("[data-read]");
