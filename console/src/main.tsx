// Where the page begins.
import { createRoot } from "react-dom/client";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/call.css";
import { App } from "./ui/App";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
