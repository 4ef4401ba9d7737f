"""Local speech from models inside packages, run in one helper process per machine."""
