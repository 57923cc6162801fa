"""What happens to money and time: subscribing, billing, collecting, renewing, ending; no HTTP in here."""
