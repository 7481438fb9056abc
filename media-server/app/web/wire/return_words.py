"""What the page says by which somebody comes back from a provider in vain, in each language that the owner's pages speak."""

from __future__ import annotations

from typing import NamedTuple


class ReturnWords(NamedTuple):
    title: str
    again: str
    over: str
    not_vouched: str
    away: str
    unknown: str
    not_let_in: str
    """By its groups, or the domain of its mail address."""
    switched_off: str
    removed: str
    taken: str
    too_often: str
    full: str


RETURN_WORDS = {
    "en": ReturnWords(
        title="You are not logged in",
        again="Back to the log-in",
        over="This log-in is over, was used already, or was begun in another browser. Begin again.",
        not_vouched="Where you wanted to log in did not say who you are. Begin again.",
        away="Where you wanted to log in does not answer just now. Try again in a while.",
        unknown="Nobody here is known by that log-in. Ask whoever looks after this server for an account, or log in here and add it to yours.",
        not_let_in="This log-in is not let in here. Ask whoever looks after this server.",
        switched_off="Your account here is switched off. Ask whoever looks after this server.",
        removed="Your account here has been removed, or this log-in was taken away from it. Ask whoever looks after this server for an invitation.",
        taken="This log-in belongs to another account here already. Take it away there first.",
        too_often="There were too many tries from your network. Wait a while, then begin again.",
        full="This server takes no more accounts. Tell whoever looks after it.",
    ),
    "de": ReturnWords(
        title="Sie sind nicht angemeldet",
        again="Zurück zur Anmeldung",
        over="Diese Anmeldung ist vorbei, wurde schon benutzt oder in einem anderen Browser begonnen. Beginnen Sie neu.",
        not_vouched="Wo Sie sich anmelden wollten, wurde nicht gesagt, wer Sie sind. Beginnen Sie neu.",
        away="Wo Sie sich anmelden wollten, antwortet gerade niemand. Versuchen Sie es nach einer Weile noch einmal.",
        unknown="Unter dieser Anmeldung ist hier niemand bekannt. Bitten Sie um ein Konto, wer diesen Server betreut, oder melden Sie sich hier an und fügen Sie sie Ihrem hinzu.",
        not_let_in="Diese Anmeldung wird hier nicht eingelassen. Fragen Sie, wer diesen Server betreut.",
        switched_off="Ihr Konto hier ist abgeschaltet. Fragen Sie, wer diesen Server betreut.",
        removed="Ihr Konto hier wurde entfernt, oder diese Anmeldung wurde ihm genommen. Bitten Sie um eine Einladung, wer diesen Server betreut.",
        taken="Diese Anmeldung gehört hier schon zu einem anderen Konto. Nehmen Sie sie zuerst dort weg.",
        too_often="Aus Ihrem Netz kamen zu viele Versuche. Warten Sie eine Weile und beginnen Sie dann neu.",
        full="Dieser Server nimmt keine weiteren Konten auf. Sagen Sie es, wer ihn betreut.",
    ),
    "fr": ReturnWords(
        title="Vous n’êtes pas connecté",
        again="Retour à la connexion",
        over="Cette connexion est terminée, a déjà servi ou a été commencée dans un autre navigateur. Recommencez.",
        not_vouched="Le service auprès duquel vous vouliez vous connecter n’a pas dit qui vous êtes. Recommencez.",
        away="Le service auprès duquel vous vouliez vous connecter ne répond pas. Réessayez dans un moment.",
        unknown="Personne n’est connu ici sous cette connexion. Demandez un compte à qui s’occupe de ce serveur, ou connectez-vous ici et ajoutez-la au vôtre.",
        not_let_in="Cette connexion n’est pas admise ici. Demandez à qui s’occupe de ce serveur.",
        switched_off="Votre compte ici est désactivé. Demandez à qui s’occupe de ce serveur.",
        removed="Votre compte ici a été supprimé, ou cette connexion lui a été retirée. Demandez une invitation à qui s’occupe de ce serveur.",
        taken="Cette connexion appartient déjà à un autre compte ici. Retirez-la d’abord de celui-là.",
        too_often="Trop d’essais sont venus de votre réseau. Attendez un moment, puis recommencez.",
        full="Ce serveur n’accepte plus de comptes. Dites-le à qui s’en occupe.",
    ),
    "es": ReturnWords(
        title="No ha iniciado sesión",
        again="Volver al inicio de sesión",
        over="Este inicio de sesión ha terminado, ya se usó o se empezó en otro navegador. Empiece de nuevo.",
        not_vouched="El servicio en el que quería iniciar sesión no dijo quién es usted. Empiece de nuevo.",
        away="El servicio en el que quería iniciar sesión no responde ahora. Inténtelo dentro de un rato.",
        unknown="Aquí no se conoce a nadie con ese inicio de sesión. Pida una cuenta a quien se ocupa de este servidor, o inicie sesión aquí y añádalo a la suya.",
        not_let_in="Este inicio de sesión no se admite aquí. Pregunte a quien se ocupa de este servidor.",
        switched_off="Su cuenta aquí está desactivada. Pregunte a quien se ocupa de este servidor.",
        removed="Su cuenta aquí se ha eliminado, o se le ha quitado este inicio de sesión. Pida una invitación a quien se ocupa de este servidor.",
        taken="Este inicio de sesión ya pertenece a otra cuenta aquí. Quítelo primero de ella.",
        too_often="Hubo demasiados intentos desde su red. Espere un rato y empiece de nuevo.",
        full="Este servidor no admite más cuentas. Dígaselo a quien se ocupa de él.",
    ),
    "pl": ReturnWords(
        title="Nie zalogowano",
        again="Wróć do logowania",
        over="To logowanie już się skończyło, zostało użyte albo zaczęto je w innej przeglądarce. Zacznij od nowa.",
        not_vouched="Usługa, w której chcesz się zalogować, nie powiedziała, kim jesteś. Zacznij od nowa.",
        away="Usługa, w której chcesz się zalogować, teraz nie odpowiada. Spróbuj ponownie za chwilę.",
        unknown="Nikt tutaj nie jest znany pod tym logowaniem. Poproś o konto osobę, która opiekuje się tym serwerem, albo zaloguj się tutaj i dodaj je do swojego.",
        not_let_in="To logowanie nie jest tu wpuszczane. Zapytaj osobę, która opiekuje się tym serwerem.",
        switched_off="Twoje konto jest tu wyłączone. Zapytaj osobę, która opiekuje się tym serwerem.",
        removed="Twoje konto zostało tu usunięte albo odebrano mu to logowanie. Poproś o zaproszenie osobę, która opiekuje się tym serwerem.",
        taken="To logowanie należy tu już do innego konta. Najpierw usuń je stamtąd.",
        too_often="Z Twojej sieci było zbyt wiele prób. Odczekaj chwilę i zacznij od nowa.",
        full="Ten serwer nie przyjmuje więcej kont. Powiedz o tym osobie, która się nim opiekuje.",
    ),
    "ja": ReturnWords(
        title="ログインしていません",
        again="ログインに戻る",
        over="このログインは期限切れか、すでに使われたか、別のブラウザーで始められたものです。もう一度やり直してください。",
        not_vouched="ログインしようとした先から、あなたが誰であるかの確認が得られませんでした。もう一度やり直してください。",
        away="ログインしようとした先が今は応答しません。しばらくしてからもう一度お試しください。",
        unknown="このログインで知られている人はここにはいません。サーバーの管理者にアカウントを頼むか、ここでログインして自分のアカウントに追加してください。",
        not_let_in="このログインはここでは許可されていません。サーバーの管理者にお尋ねください。",
        switched_off="あなたのアカウントはここでは停止されています。サーバーの管理者にお尋ねください。",
        removed="あなたのアカウントはここでは削除されたか、このログインが外されました。サーバーの管理者に招待を頼んでください。",
        taken="このログインはすでにここの別のアカウントのものです。まずそちらから外してください。",
        too_often="あなたのネットワークからの試行が多すぎます。しばらく待ってからやり直してください。",
        full="このサーバーにはこれ以上アカウントを作れません。管理者に知らせてください。",
    ),
    "ar": ReturnWords(
        title="لم يتم تسجيل دخولك",
        again="العودة إلى تسجيل الدخول",
        over="انتهت عملية تسجيل الدخول هذه، أو استُخدمت من قبل، أو بدأت في متصفح آخر. ابدأ من جديد.",
        not_vouched="الجهة التي أردت تسجيل الدخول عبرها لم تقل من أنت. ابدأ من جديد.",
        away="الجهة التي أردت تسجيل الدخول عبرها لا تجيب الآن. حاول مرة أخرى بعد قليل.",
        unknown="لا أحد معروف هنا بهذا الدخول. اطلب حسابًا ممن يعتني بهذا الخادم، أو سجّل الدخول هنا وأضفه إلى حسابك.",
        not_let_in="هذا الدخول غير مسموح به هنا. اسأل من يعتني بهذا الخادم.",
        switched_off="حسابك هنا موقوف. اسأل من يعتني بهذا الخادم.",
        removed="أُزيل حسابك هنا، أو سُحب منه تسجيل الدخول هذا. اطلب دعوة ممن يعتني بهذا الخادم.",
        taken="هذا الدخول يخص حسابًا آخر هنا بالفعل. أزله من هناك أولًا.",
        too_often="جاءت محاولات كثيرة جدًا من شبكتك. انتظر قليلًا ثم ابدأ من جديد.",
        full="لا يقبل هذا الخادم مزيدًا من الحسابات. أخبر من يعتني به.",
    ),
}
