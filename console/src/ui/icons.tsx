// The page's few pictures, drawn in the text's colour.
import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      className="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"
      strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const Mark = () => (
  <Icon>
    <path d="M3 10v4M7.5 7v10M12 3v18M16.5 7v10M21 10v4" />
  </Icon>
);

export const MicrophoneIcon = () => (
  <Icon>
    <rect x="9" y="2.5" width="6" height="11" rx="3" />
    <path d="M5 11a7 7 0 0 0 14 0M12 18v3.5" />
  </Icon>
);

export const MutedIcon = () => (
  <Icon>
    <path d="M15 9V5.5a3 3 0 0 0-5.7-1.3M9 9v1.5a3 3 0 0 0 4.6 2.5M5 11a7 7 0 0 0 11.3 5.5M19 11c0 .9-.2 1.8-.5 2.6M12 18v3.5M3.5 3.5l17 17" />
  </Icon>
);

export const PauseIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M9.5 9v6M14.5 9v6" />
  </Icon>
);

export const HangUpIcon = () => (
  <Icon>
    <path d="M2.5 14.5c-.6-1.5 0-3 1.3-3.9 4.9-3.5 11.5-3.5 16.4 0 1.3.9 1.9 2.4 1.3 3.9l-.3.7c-.2.5-.8.8-1.3.6l-3.2-1.1a1 1 0 0 1-.7-1v-1.9a13 13 0 0 0-8 0v1.9a1 1 0 0 1-.7 1l-3.2 1.1c-.5.2-1.1-.1-1.3-.6z" />
  </Icon>
);
