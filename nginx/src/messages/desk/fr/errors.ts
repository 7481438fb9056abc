import type { ErrorWords } from "../types";

export default {
  network_error: "La connexion au serveur est perdue.",
  unexpected_reply: "Quelque chose entre vous et le serveur répond à sa place, comme une page de connexion.",
  internal_error: "Quelque chose a échoué sur le serveur. Réessayez.",
  invalid_request: "La demande n’est pas compréhensible. Vérifiez ce que vous avez saisi.",
  invalid_path: "Ce nom ne peut pas être enregistré. Choisissez-en un autre.",
  unauthorized: "Ce n’est pas le jeton d’administration, ou vous n’êtes plus connecté. Connectez-vous.",
  foreign_page: "Une page d’une autre adresse ne peut rien faire ici. Ouvrez la page du serveur lui-même.",
  not_found: "Il n’y a rien à cette adresse.",
  request_not_found: "Ce lien n’existe pas.",
  upload_not_found: "Cet envoi n’existe plus.",
  no_picture: "Il n’y a pas d’image de ce fichier. Téléchargez-le pour le voir.",
  selection_not_found: "Cette sélection n’est plus valable. Choisissez de nouveau les fichiers.",
  share_not_found: "Ce téléchargement n’existe pas.",
  entity_not_found: "Il n’y a là aucun fichier où l’on cherche.",
  message_not_found: "Ce message n’existe plus.",
  template_not_found: "Ce modèle n’existe pas.",
  endpoint_not_found: "Ce point d’appel n’existe pas.",
  endpoint_not_allowed: "Ce serveur ne peut rien envoyer à cette adresse.",
  file_not_found: "Ce fichier n’existe plus.",
  item_not_found: "Ce lien ne demande plus cela. Rechargez la page.",
  party_not_found: "Personne de ce nom n’a rien envoyé à ce lien.",
  destination_not_ready: "Ce serveur ne peut pas encore y transmettre de fichiers.",
  not_installed: "Il manque à ce serveur ce qu’il faut pour cela. Demandez à qui s’en occupe.",
  mail_not_ready:
    "Ce serveur n’envoie pas encore d’e-mails. Qui s’en occupe doit définir DROPPR_SMTP_URL et DROPPR_MAIL_FROM.",
  upload_complete: "Le fichier est déjà arrivé.",
  file_changed:
    "Le fichier sur le serveur n’est plus celui qui est arrivé. Déplacez-le ou supprimez-le là-bas.",
  name_taken: "Un autre fichier ou dossier de ce lien porte ce nom. Choisissez-en un autre.",
  file_in_use: "Le fichier est en cours de transmission. Supprimez-le quand ce sera fini.",
  item_not_sent: "Rien n’a encore été envoyé pour cela : il n’y a rien à accepter ni à renvoyer.",
  request_in_use: "Ce lien est encore ouvert. Fermez-le d’abord, puis supprimez-le.",
  request_expired: "Ce lien a expiré. Donnez-lui d’abord plus de temps.",
  request_closed: "Ce lien est fermé. Rouvrez-le d’abord.",
  password_log_in_off:
    "Personne ne se connecte ici avec un nom et un mot de passe. Prenez l’autre voie de cette page, ou le jeton d’administration.",
  provider_away: "Le service de connexion ne répond pas. Réessayez dans un moment, ou connectez-vous ici.",
  not_vouched: "Le service n’a pas dit qui vous êtes. Recommencez.",
  not_admitted: "Personne n’est admis ici sous cette connexion. Demandez à qui s’occupe de ce serveur.",
  last_way_in:
    "C’est la seule voie vers ce compte. Faites-vous d’abord donner un mot de passe par un administrateur.",
  identity_not_found: "Cette connexion n’existe plus.",
  second_factor_needed:
    "Ce compte demande aussi un second facteur : un code de l’application, un code de récupération ou la clé d’accès.",
  wrong_code: "Ce n’est pas le code du moment, ou il a déjà servi. Attendez le suivant, puis réessayez.",
  second_factor_required:
    "Ce serveur demande un second facteur. Configurez-en d’abord un, sous votre nom en haut de la page.",
  wrong_passkey:
    "Cette clé d’accès n’a pas été acceptée : elle n’est pas (ou plus) connue ici, ou plus de cinq minutes ont passé. Réessayez, ou connectez-vous autrement.",
  passkeys_unavailable:
    "Ce serveur n’a pas d’adresse pour des clés d’accès : DROPPR_PUBLIC_URL doit être une adresse https avec un nom. Connectez-vous autrement.",
  passkey_not_found: "Cette clé d’accès n’existe pas ; elle a peut-être été retirée.",
  passkey_exists: "Cette clé d’accès est déjà connue ici.",
  too_many_passkeys: "Un compte ne peut pas avoir plus de clés d’accès. Retirez-en une qui ne sert plus.",
  key_exists: "Il y a déjà une clé de ce nom. Choisissez-en un autre, ou révoquez d'abord celle-là.",
  too_many_keys: "Un compte ne peut pas avoir plus de clés. Révoquez-en une dont personne n'a besoin.",
  file_too_large: "Le fichier est trop gros.",
  type_not_allowed: "Les fichiers de ce type ne sont pas acceptés ici.",
  too_many_attempts: "Il y a eu trop d’essais erronés.",
  rate_limited: "C’était trop en peu de temps.",
  busy: "Le serveur est occupé. Réessayez dans un instant.",
  storage_full: "Il n’y a pas assez de place sur le serveur.",
  method_not_allowed: "Cette page ne va pas avec le serveur. Rechargez-la.",
  request_timeout: "C’est arrivé trop lentement. Envoyez-le de nouveau.",
  wrong_log_in: "Aucun compte n’a ce nom et ce mot de passe. Vérifiez les deux et réessayez.",
  admins_only: "C’est réservé aux administrateurs de ce serveur. Demandez à l’un d’eux.",
  read_only:
    "Vous pouvez voir ce lien et prendre ses fichiers, mais rien changer. Demandez à un membre de votre équipe ou à un administrateur.",
  account_not_found: "Ce compte n’existe pas.",
  session_not_found: "Cette session n’existe pas ; elle est peut-être terminée.",
  invitation_not_found: "Cette invitation a été utilisée ou n’est plus valable. Demandez-en une autre.",
  key_not_found: "Cette clé n’existe pas ; elle a peut-être été révoquée.",
  account_exists: "Quelqu’un a déjà ce nom. Choisissez-en un autre.",
  too_many_accounts:
    "Ce serveur n’accepte pas plus de comptes ou d’invitations. Supprimez-en un dont personne n’a besoin.",
  second_factor_on: "Ce compte a déjà un second facteur. Désactivez-le d’abord.",
  request_overdue:
    "L’échéance est passée et ce lien ne prend pas de fichiers en retard. Donnez-lui d’abord plus de temps.",
  chunk_too_large: "C’est plus que ce que le serveur accepte en une fois.",
  http2_in_front:
    "Les navigateurs atteignent ce serveur par HTTP/2 ou 3, où tous les morceaux partagent une connexion : par HTTP/1.1 l’envoi est plus rapide. Faites que le proxy placé devant ne propose que cela (nginx : `listen 443 ssl` sans `http2` ; Caddy : `protocols h1`).",
  unsafe_reading:
    "Les textes des fichiers ne sont pas cherchés : cette machine ne laisse pas un processus abandonner ses droits par seccomp (il faut Linux sur x86-64 ou ARM64). Désactivez la recherche des liens, ou faites tourner Droppr là où c’est possible.",
  scans_missing:
    "Les numérisations ne sont pas cherchées : pour les langues de DROPPR_SEARCH_OCR, il manque tesseract ou l’une de ses langues (Debian : tesseract-ocr, tesseract-ocr-…).",
  previews_missing:
    "Aucune image des fichiers reçus n’est faite : l’extension nécessaire n’est pas installée (pip install 'droppr[server,previews]'). Ajoutez-la, ou mettez DROPPR_PREVIEWS_MB=0.",
  ffmpeg_missing:
    "Aucune image des vidéos n’est faite : ffmpeg n’est pas installé (Debian : apt install --no-install-recommends ffmpeg). Installez-le, ou mettez DROPPR_PREVIEWS_MB=0 pour n’avoir aucune image.",
  search_missing:
    "Des liens font chercher dans leurs fichiers, et rien n’est trouvé : l’extension nécessaire n’est plus installée (pip install 'droppr[server,search]'). Ajoutez-la, ou désactivez la recherche des liens.",
  store_leftovers:
    "Dans le bucket, personne ne met fin aux envois inachevés quand ce serveur ne le peut pas : donnez-lui une règle de cycle de vie qui abandonne les envois multipart incomplets, quelques jours après DROPPR_UPLOAD_MAX_AGE_DAYS.",
  store_rule_short:
    "Une règle de cycle de vie du bucket met fin aux envois inachevés plus tôt que ce serveur, et ce qu’elle arrête doit être renvoyé : donnez-lui plus de jours que DROPPR_UPLOAD_MAX_AGE_DAYS.",
  store_deletes:
    "Une règle de cycle de vie du bucket supprime selon leur âge les objets sous le préfixe de DROPPR_STORE, donc des fichiers reçus : retirez-la, ou faites-lui épargner ce préfixe.",
  store_not_direct:
    "Les fichiers passent par ce serveur bien que DROPPR_STORE_PUBLIC_URL soit défini : le stockage accepte d’autres octets que ceux qui ont été signés, ou n’en accepte aucun à une telle adresse. Retirez ce réglage, ou prenez un stockage qui compare x-amz-checksum-sha256.",
  store_clock:
    "Les horloges de cette machine et du stockage diffèrent de plus d’une minute, et à partir d’un quart d’heure le stockage refuse tout : faites régler les deux par NTP.",
  store_cors:
    "Le bucket ne laisse pas les pages de ce serveur y déposer de parties (CORS), et les navigateurs envoient donc tout par ce serveur : la règle qui manque se trouve dans le journal et à /readyz.",
  store_public_away:
    "Le stockage ne répond pas à cette machine à DROPPR_STORE_PUBLIC_URL. S’il ne répond pas non plus aux expéditeurs, ils envoient tout par ce serveur.",
} satisfies ErrorWords;
