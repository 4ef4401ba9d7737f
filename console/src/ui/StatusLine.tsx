// The one line that says what is going on or wrong, and what to do.
import type { Notice } from "../call/notices";

export function StatusLine({ notice }: { notice: Notice }) {
  return (
    <p
      className={`status ${notice.tone}`}
      data-testid="status"
      role={notice.tone === "error" ? "alert" : "status"}
    >
      {notice.text}
    </p>
  );
}
