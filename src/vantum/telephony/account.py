"""The operator's account with the phone carrier, as the settings have it."""

from __future__ import annotations

from msgspec import Struct

from vantum.errors import SettingsError
from vantum.settings import Settings
from vantum.telephony.line import Line
from vantum.telephony.tokens import shared_key
from vantum.telephony.twilio import TwilioCarrier


class Account(Struct, frozen=True):
    """Who places our calls, and where the carrier reaches us."""

    base_url: str
    sid: str
    secret: str
    public_url: str
    number: str

    @property
    def line(self) -> Line:
        """Where the carrier is to find what."""
        return Line(self.public_url, self.number, shared_key(self.secret))

    def carrier(self) -> TwilioCarrier:
        """Connections to the carrier, to be closed."""
        return TwilioCarrier(self.base_url, self.sid, self.secret)


def account_of(settings: Settings) -> Account:
    """The operator's. Raises SettingsError where there is none."""
    sid, key, url = settings.twilio_account_sid, settings.twilio_auth_token, settings.public_url
    if sid is None or key is None or url is None:
        raise SettingsError(settings.phone_off)
    number = settings.twilio_phone_number or ""
    return Account(settings.twilio_base_url, sid, key.get_secret_value(), url, number)
