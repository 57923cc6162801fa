"""What the pages say, in French and English; French first, as its readers are.

Spaces are written plainly: `typeset` makes those non-breaking that French typography wants so.
"""

from __future__ import annotations

import re

from portal.sandbox.pages.lever_words import LEVER_WORDS

LANGUAGES = ("fr", "en")
NARROW, FIXED = "\u202f", "\u00a0"

WORDS: dict[str, tuple[str, str]] = {
    "banner": ("Paiement de démonstration : aucune carte n’est débitée.", "Demonstration payment: no card is charged."),
    "skip": ("Aller au contenu", "Skip to content"),
    "other_language": ("English", "Français"),
    "error_prefix": ("Erreur : ", "Error: "),
    "problems": ("À corriger", "To correct"),
    "back_to": ("Revenir au site sans payer", "Back to the site without paying"),
    "pay_title": ("Votre commande", "Your order"),
    "pay_card_title": ("Payer par carte", "Pay by card"),
    "trial_card_title": ("Enregistrer votre carte", "Save your card"),
    "quantity": ("Quantité : {n}", "Quantity: {n}"),
    "per_month": ("{amount} HT par mois", "{amount} before tax per month"),
    "per_year": ("{amount} HT par an", "{amount} before tax per year"),
    "per_other": ("{amount} HT par période", "{amount} before tax per period"),
    "subtotal": ("Total HT", "Total before tax"),
    "tax": ("TVA {rate} %", "VAT {rate}%"),
    "total": ("Total TTC", "Total including tax"),
    "discount": ("Remise {name}", "Discount {name}"),
    "code": ("Code promotionnel", "Promotion code"),
    "code_use": ("Appliquer", "Apply"),
    "code_drop": ("Retirer", "Remove"),
    "code_taken": ("Code {code} appliqué.", "Code {code} applied."),
    "code_unknown": (
        "Ce code n’est pas valable ici. Vérifiez-le, ou continuez sans code.",
        "This code cannot be used here. Check it, or go on without one.",
    ),
    "due_today": ("À payer aujourd’hui", "To pay today"),
    "then_month": (
        "Ensuite {amount} TTC chaque mois, jusqu’à résiliation.",
        "Then {amount} including tax every month until you cancel.",
    ),
    "then_year": (
        "Ensuite {amount} TTC chaque année, jusqu’à résiliation.",
        "Then {amount} including tax every year until you cancel.",
    ),
    "then_other": ("Ensuite {amount} TTC à chaque période.", "Then {amount} including tax each period."),
    "for_months": (
        "Remise pendant {months} mois, puis {amount} TTC.",
        "Discount for {months} months, then {amount} including tax.",
    ),
    "first_charge": (
        "Premier paiement de {amount} TTC le {date}.",
        "First payment of {amount} including tax on {date}.",
    ),
    "customer": ("Pour {who}", "For {who}"),
    "card_number": ("Numéro de carte", "Card number"),
    "expiry": ("Date d’expiration", "Expiry date"),
    "expiry_hint": ("Par exemple 12/34", "For example 12/34"),
    "cvc": ("Cryptogramme", "Security code"),
    "cvc_hint": ("Par exemple 123", "For example 123"),
    "holder": ("Nom sur la carte (facultatif)", "Name on the card (optional)"),
    "pay_button": ("Payer {amount}", "Pay {amount}"),
    "trial_button": ("Enregistrer la carte, 0 € aujourd’hui", "Save the card, nothing to pay today"),
    "test_cards": ("Cartes de test", "Test cards"),
    "test_intro": (
        "Choisissez une carte : elle décide de la réponse de la banque.",
        "Choose a card: it decides what the bank answers.",
    ),
    "card_ok": ("paiement accepté", "payment accepted"),
    "card_no": ("paiement refusé", "payment declined"),
    "card_later": ("acceptée, puis refusée au premier paiement", "accepted, then declined at the first payment"),
    "card_asks_once": (
        "la banque demande une confirmation, une fois",
        "the bank asks for a confirmation, once",
    ),
    "card_asks_always": (
        "la banque demande une confirmation à chaque paiement",
        "the bank asks for a confirmation at every payment",
    ),
    "unproved": (
        "Votre banque n’a pas reçu votre confirmation. Rien n’a été débité.",
        "Your bank did not get your confirmation. Nothing was charged.",
    ),
    "unproved_kept": (
        "Votre banque n’a pas reçu votre confirmation. La carte n’est pas enregistrée.",
        "Your bank did not get your confirmation. The card was not saved.",
    ),
    "bank_title": ("Confirmez auprès de votre banque", "Confirm with your bank"),
    "bank_amount": (
        "Un paiement de {amount} avec la carte se terminant par {last4}.",
        "A payment of {amount} with the card ending in {last4}.",
    ),
    "bank_keep": (
        "L’enregistrement de la carte se terminant par {last4}, pour des paiements à venir.",
        "The card ending in {last4} is to be kept for payments to come.",
    ),
    "bank_hint": (
        "Une vraie banque vous enverrait ici un code ou une notification.",
        "A real bank would send you a code or a notification here.",
    ),
    "bank_yes": ("Confirmer", "Confirm"),
    "bank_no": ("Refuser", "Refuse"),
    "bank_wanted": ("Votre banque attend votre confirmation", "Your bank waits for your confirmation"),
    "bank_wanted_text": (
        "Le paiement n’a pas pu se faire sans vous. Confirmez-le, ou payez avec une autre carte.",
        "The payment could not be made without you. Confirm it, or pay with another card.",
    ),
    "bank_go": ("Confirmer le paiement", "Confirm the payment"),
    "transfer": ("Payer par virement", "Pay by bank transfer"),
    "transfer_text": (
        "Indiquez la référence {number} : elle relie le virement à cette facture.",
        "Give the reference {number}: it joins the transfer to this invoice.",
    ),
    "iban": ("IBAN", "IBAN"),
    "bic": ("BIC", "BIC"),
    "reference": ("Référence", "Reference"),
    "due_by": ("À payer avant le {date}", "To be paid by {date}"),
    "left_to_pay": ("Reste à payer", "Left to pay"),
    "card_fill": ("Remplir", "Fill in"),
    "fill_aria": ("Remplir avec la carte {number}", "Fill in with card {number}"),
    "declined": (
        "Votre banque a refusé le paiement. Rien n’a été débité.",
        "Your bank declined the payment. Nothing was charged.",
    ),
    "number_missing": (
        "Saisissez les chiffres de la carte, par exemple 4242 4242 4242 4242.",
        "Enter the card’s digits, for example 4242 4242 4242 4242.",
    ),
    "number_unknown": (
        "Ce n’est pas une carte de test. Essayez 4242 4242 4242 4242.",
        "This is not a test card. Try 4242 4242 4242 4242.",
    ),
    "expiry_missing": ("Saisissez la date comme 12/34.", "Enter the date like 12/34."),
    "expiry_past": (
        "Cette carte a expiré. Saisissez une date à venir.",
        "This card has expired. Enter a date to come.",
    ),
    "cvc_missing": ("Saisissez trois ou quatre chiffres.", "Enter three or four digits."),
    "expired_title": ("Cette page de paiement a expiré", "This payment page has expired"),
    "expired_text": (
        "Rien n’a été débité. Revenez au site pour recommencer.",
        "Nothing was charged. Go back to the site to start again.",
    ),
    "portal_expired_title": ("Ce lien a expiré", "This link has expired"),
    "portal_expired_text": (
        "Revenez au site : il vous en ouvrira un autre.",
        "Go back to the site: it will open another for you.",
    ),
    "identity": ("Coordonnées de facturation", "Billing details"),
    "identity_change": ("Modifier les coordonnées", "Change the details"),
    "identity_save": ("Enregistrer", "Save"),
    "identity_saved": ("Vos coordonnées sont enregistrées.", "Your details are saved."),
    "keep_as_is": ("Ne rien changer", "Change nothing"),
    "field_name": ("Nom ou raison sociale", "Name or company"),
    "field_email": ("Adresse électronique", "Email address"),
    "field_phone": ("Téléphone", "Telephone"),
    "field_line1": ("Adresse", "Address"),
    "field_line2": ("Complément d’adresse (facultatif)", "Address, second line (optional)"),
    "field_postal_code": ("Code postal", "Postal code"),
    "field_city": ("Ville", "City"),
    "field_country": ("Pays, en deux lettres", "Country, in two letters"),
    "field_tax_id": ("Numéro de TVA", "VAT number"),
    "email_wrong": ("Saisissez une adresse comme nom@exemple.fr.", "Enter an address like name@example.com."),
    "country_wrong": ("Saisissez deux lettres, par exemple FR.", "Enter two letters, for example FR."),
    "tax_id_wrong": ("Saisissez un numéro comme FR40303265045.", "Enter a number like FR40303265045."),
    "unknown_title": ("Cette page n’existe pas", "This page does not exist"),
    "unknown_text": (
        "L’adresse est incomplète ou a été remplacée. Revenez au site pour en obtenir une autre.",
        "The address is incomplete or was replaced. Go back to the site to get another.",
    ),
    "back": ("Revenir au site", "Back to the site"),
    "portal_title": ("Votre abonnement", "Your subscription"),
    "subscriptions": ("Abonnement en cours", "Current subscription"),
    "no_subscription": ("Aucun abonnement en cours.", "No current subscription."),
    "renews": ("Se renouvelle le {date} pour {amount} TTC.", "Renews on {date} for {amount} including tax."),
    "starts": ("Premier paiement de {amount} TTC le {date}.", "First payment of {amount} including tax on {date}."),
    "ends": ("Se termine le {date}.", "Ends on {date}."),
    "ended": ("Terminé le {date}.", "Ended on {date}."),
    "owed": (
        "Un paiement a échoué. Réglez la facture ou changez de carte.",
        "A payment failed. Pay the invoice or change the card.",
    ),
    "cancel": ("Résilier l’abonnement", "Cancel the subscription"),
    "resume": ("Reprendre l’abonnement", "Resume the subscription"),
    "card_section": ("Carte", "Card"),
    "card_on_file": (
        "{brand} se terminant par {last4}, expire en {month}/{year}",
        "{brand} ending in {last4}, expires {month}/{year}",
    ),
    "no_card": ("Aucune carte enregistrée.", "No card saved."),
    "change_card": ("Changer de carte", "Change the card"),
    "save_card": ("Enregistrer cette carte", "Save this card"),
    "card_saved": ("Votre nouvelle carte est enregistrée.", "Your new card is saved."),
    "invoices": ("Factures", "Invoices"),
    "no_invoice": ("Aucune facture.", "No invoice."),
    "number": ("Numéro", "Number"),
    "date": ("Date", "Date"),
    "amount": ("Montant TTC", "Amount including tax"),
    "state": ("État", "State"),
    "cancel_title": ("Résilier l’abonnement", "Cancel the subscription"),
    "cancel_text": (
        "Votre abonnement reste ouvert jusqu’au {date}, puis s’arrête. Rien d’autre ne sera débité.",
        "Your subscription stays open until {date}, then stops. Nothing more will be charged.",
    ),
    "cancel_now_text": (
        "Votre abonnement s’arrête aussitôt. Rien d’autre ne sera débité.",
        "Your subscription stops at once. Nothing more will be charged.",
    ),
    "why": ("Pourquoi partez-vous ? (facultatif)", "Why are you leaving? (optional)"),
    "comment": ("Un mot de plus (facultatif)", "Anything else (optional)"),
    "keep_it": ("Garder mon abonnement", "Keep my subscription"),
    "canceled_note": ("Votre résiliation est enregistrée.", "Your cancellation is recorded."),
    "resumed_note": ("Votre abonnement reprend.", "Your subscription goes on."),
    "invoice_title": ("Facture {number}", "Invoice {number}"),
    "credit_title": ("Avoir {number}", "Credit note {number}"),
    "credit_of": ("Sur la facture {number}", "On invoice {number}"),
    "issued": ("Émise le {date}", "Issued on {date}"),
    "billed_to": ("Facturée à", "Billed to"),
    "unused_line": ("{name}, période non utilisée", "{name}, unused time"),
    "remaining_line": ("{name}, période restante", "{name}, remaining time"),
    "from_balance": ("Solde de votre compte", "Your account’s balance"),
    "trial_line": ("{name}, période d’essai", "{name}, trial period"),
    "seller": ("Émise par", "Issued by"),
    "line": ("Désignation", "Description"),
    "period": ("Du {start} au {end}", "{start} to {end}"),
    "net": ("Montant HT", "Before tax"),
    "download": ("Télécharger le PDF", "Download the PDF"),
    "pay_invoice": ("Payer cette facture", "Pay this invoice"),
    "paid_note": ("Cette facture est payée.", "This invoice is paid."),
    "status_paid": ("Payée", "Paid"),
    "status_open": ("À payer", "To pay"),
    "status_draft": ("En préparation", "Draft"),
    "status_void": ("Annulée", "Void"),
    "status_uncollectible": ("Irrécouvrable", "Uncollectible"),
    "sub_active": ("Actif", "Active"),
    "sub_trialing": ("À l’essai", "On trial"),
    "sub_past_due": ("Paiement en retard", "Payment overdue"),
    "sub_unpaid": ("Impayé", "Unpaid"),
    "sub_incomplete": ("Paiement attendu", "Payment awaited"),
    "sub_canceled": ("Terminé", "Ended"),
    "sub_incomplete_expired": ("Terminé", "Ended"),
    "sub_ending": ("Se termine", "Ending"),
    "why_customer_service": ("Le service client", "Customer service"),
    "why_low_quality": ("La qualité n’est pas au rendez-vous", "The quality is not good enough"),
    "why_missing_features": ("Il manque des contenus", "Something is missing"),
    "why_other": ("Une autre raison", "Another reason"),
    "why_switched_service": ("J’ai choisi un autre service", "I chose another service"),
    "why_too_complex": ("C’est trop compliqué", "It is too complicated"),
    "why_too_expensive": ("C’est trop cher", "It is too expensive"),
    "why_unused": ("Je ne m’en sers pas", "I do not use it"),
}


WORDS |= LEVER_WORDS


def say(language: str, key: str, **values: object) -> str:
    """The sentence in a language, typeset, with its values set in; KeyError for an unknown key."""
    return typeset(WORDS[key][LANGUAGES.index(language)], language).format(**values)


def typeset(text: str, language: str) -> str:
    """Non-breaking spaces where French wants them: before high punctuation, inside guillemets, before % and €."""
    if language != "fr":
        return text
    text = re.sub(r" ([;!?%€])", NARROW + r"\1", text)
    return re.sub(r" (:)|(«) | (»)", lambda m: f"{FIXED}{m[1]}" if m[1] else f"{m[2] or ''}{FIXED}{m[3] or ''}", text)
