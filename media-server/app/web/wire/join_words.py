"""What the page of an invitation says, in each language that the owner's pages speak."""

from __future__ import annotations

from typing import NamedTuple


class JoinWords(NamedTuple):
    """``{most}`` and ``{least}`` stand for how many characters there may be."""

    title: str
    about: str
    name: str
    name_hint: str
    called: str
    password: str
    password_hint: str
    again: str
    enter: str
    over: str
    """What stands above an invitation that is good no more."""
    over_why: str
    apart: str
    taken: str
    bad_name: str
    bad_called: str
    bad_password: str
    weak_password: str
    full: str
    too_often: str
    elsewhere: str


JOIN_WORDS = {
    "en": JoinWords(
        title="Choose a name and a password",
        about="You are invited to work on this server. What you choose here you log in with from now on.",
        name="Name to log in with",
        name_hint="Up to {most} small letters, digits, dots, hyphens and underscores. It never changes.",
        called="What people call you",
        password="Password",
        password_hint="At least {least} characters.",
        again="The same password again",
        enter="Log in",
        over="This invitation is over",
        over_why="This invitation was used, or is over. Ask whoever sent it for another one.",
        apart="The two passwords are not the same. Type it again.",
        taken="Somebody has this name already. Choose another one.",
        bad_name="A name has up to {most} small letters, digits, dots, hyphens and underscores, and begins with a letter or a digit.",
        bad_called="What people call you has at most {most} characters.",
        bad_password="A password has at least {least} characters and at most {most}.",
        weak_password="This password is guessed too easily: it is hardly more than the name, or one character again and again. Choose another one.",
        full="This server takes no more accounts. Tell whoever invited you.",
        too_often="Too many addresses of invitations were tried from your network. Wait a while, then load this page again.",
        elsewhere="Log in with {label}",
    ),
    "de": JoinWords(
        title="Wählen Sie Namen und Passwort",
        about="Sie sind eingeladen, auf diesem Server zu arbeiten. Womit Sie sich von nun an anmelden, wählen Sie hier.",
        name="Name zum Anmelden",
        name_hint="Bis zu {most} Kleinbuchstaben, Ziffern, Punkte, Binde- und Unterstriche. Er ändert sich nie.",
        called="Wie man Sie nennt",
        password="Passwort",
        password_hint="Mindestens {least} Zeichen.",
        again="Dasselbe Passwort noch einmal",
        enter="Anmelden",
        over="Diese Einladung gilt nicht mehr",
        over_why="Diese Einladung wurde benutzt oder ist abgelaufen. Bitten Sie die Person, die sie geschickt hat, um eine neue.",
        apart="Die beiden Passwörter sind nicht gleich. Geben Sie es noch einmal ein.",
        taken="Jemand hat diesen Namen schon. Wählen Sie einen anderen.",
        bad_name="Ein Name hat bis zu {most} Kleinbuchstaben, Ziffern, Punkte, Binde- und Unterstriche und beginnt mit einem Buchstaben oder einer Ziffer.",
        bad_called="Wie man Sie nennt, hat höchstens {most} Zeichen.",
        bad_password="Ein Passwort hat mindestens {least} und höchstens {most} Zeichen.",
        weak_password="Dieses Passwort ist zu leicht zu erraten: Es ist kaum mehr als der Name oder immer wieder dasselbe Zeichen. Wählen Sie ein anderes.",
        full="Dieser Server nimmt keine weiteren Konten an. Sagen Sie es der Person, die Sie eingeladen hat.",
        too_often="Aus Ihrem Netz wurden zu viele Adressen von Einladungen versucht. Warten Sie eine Weile und laden Sie diese Seite dann neu.",
        elsewhere="Mit {label} anmelden",
    ),
    "es": JoinWords(
        title="Elija un nombre y una contraseña",
        about="Le han invitado a trabajar en este servidor. Con lo que elija aquí entrará a partir de ahora.",
        name="Nombre para entrar",
        name_hint="Hasta {most} letras minúsculas, cifras, puntos, guiones y guiones bajos. No cambia nunca.",
        called="Cómo le llaman",
        password="Contraseña",
        password_hint="Como mínimo {least} caracteres.",
        again="La misma contraseña otra vez",
        enter="Entrar",
        over="Esta invitación ya no vale",
        over_why="Esta invitación ya se usó o ha caducado. Pida otra a quien se la envió.",
        apart="Las dos contraseñas no son iguales. Escríbala otra vez.",
        taken="Alguien tiene ya este nombre. Elija otro.",
        bad_name="Un nombre tiene hasta {most} letras minúsculas, cifras, puntos, guiones y guiones bajos, y empieza por una letra o una cifra.",
        bad_called="El nombre por el que le llaman tiene como máximo {most} caracteres.",
        bad_password="Una contraseña tiene como mínimo {least} caracteres y como máximo {most}.",
        weak_password="Esta contraseña es demasiado fácil de adivinar: es poco más que el nombre, o un carácter repetido. Elija otra.",
        full="Este servidor no acepta más cuentas. Dígaselo a quien le invitó.",
        too_often="Desde su red se han probado demasiadas direcciones de invitaciones. Espere un rato y recargue esta página.",
        elsewhere="Entrar con {label}",
    ),
    "fr": JoinWords(
        title="Choisissez un nom et un mot de passe",
        about="Vous êtes invité à travailler sur ce serveur. Ce que vous choisissez ici vous servira désormais à vous connecter.",
        name="Nom de connexion",
        name_hint="Jusqu’à {most} lettres minuscules, chiffres, points, tirets et traits de soulignement. Il ne change jamais.",
        called="Comment on vous appelle",
        password="Mot de passe",
        password_hint="Au moins {least} caractères.",
        again="Le même mot de passe encore une fois",
        enter="Se connecter",
        over="Cette invitation n’est plus valable",
        over_why="Cette invitation a été utilisée ou a expiré. Demandez-en une autre à la personne qui l’a envoyée.",
        apart="Les deux mots de passe ne sont pas les mêmes. Saisissez-le de nouveau.",
        taken="Quelqu’un a déjà ce nom. Choisissez-en un autre.",
        bad_name="Un nom a jusqu’à {most} lettres minuscules, chiffres, points, tirets et traits de soulignement, et commence par une lettre ou un chiffre.",
        bad_called="Le nom par lequel on vous appelle a au plus {most} caractères.",
        bad_password="Un mot de passe a au moins {least} caractères et au plus {most}.",
        weak_password="Ce mot de passe est trop facile à deviner : il n’est guère plus que le nom, ou un seul caractère répété. Choisissez-en un autre.",
        full="Ce serveur n’accepte plus de comptes. Dites-le à la personne qui vous a invité.",
        too_often="Trop d’adresses d’invitations ont été essayées depuis votre réseau. Attendez un peu, puis rechargez cette page.",
        elsewhere="Se connecter avec {label}",
    ),
    "pl": JoinWords(
        title="Wybierz nazwę i hasło",
        about="To zaproszenie do pracy na tym serwerze. To, co tu wybierzesz, będzie odtąd służyć do logowania.",
        name="Nazwa do logowania",
        name_hint="Do {most} małych liter, cyfr, kropek, łączników i podkreśleń. Nigdy się nie zmienia.",
        called="Jak Cię nazywają",
        password="Hasło",
        password_hint="Co najmniej {least} znaków.",
        again="To samo hasło jeszcze raz",
        enter="Zaloguj",
        over="To zaproszenie już nie działa",
        over_why="To zaproszenie zostało użyte albo wygasło. Poproś o nowe osobę, która je wysłała.",
        apart="Te dwa hasła nie są takie same. Wpisz je jeszcze raz.",
        taken="Ktoś ma już tę nazwę. Wybierz inną.",
        bad_name="Nazwa ma do {most} małych liter, cyfr, kropek, łączników i podkreśleń i zaczyna się od litery lub cyfry.",
        bad_called="To, jak Cię nazywają, ma najwyżej {most} znaków.",
        bad_password="Hasło ma co najmniej {least} i najwyżej {most} znaków.",
        weak_password="To hasło zbyt łatwo odgadnąć: jest niewiele dłuższe od nazwy albo to ciągle ten sam znak. Wybierz inne.",
        full="Ten serwer nie przyjmuje więcej kont. Powiedz o tym osobie, która wysłała zaproszenie.",
        too_often="Z Twojej sieci próbowano zbyt wielu adresów zaproszeń. Odczekaj chwilę i odśwież tę stronę.",
        elsewhere="Zaloguj przez {label}",
    ),
    "ja": JoinWords(
        title="名前とパスワードを決めてください",
        about="このサーバーに招待されています。ここで決めたもので、これからログインします。",
        name="ログインに使う名前",
        name_hint="{most} 文字までの英小文字、数字、ピリオド、ハイフン、アンダースコア。後から変えられません。",
        called="呼び名",
        password="パスワード",
        password_hint="{least} 文字以上。",
        again="同じパスワードをもう一度",
        enter="ログイン",
        over="この招待はもう使えません",
        over_why="この招待は使用済みか、期限が切れています。送った人に新しいものを頼んでください。",
        apart="2 つのパスワードが違います。もう一度入力してください。",
        taken="この名前はすでに使われています。別の名前にしてください。",
        bad_name="名前は {most} 文字までの英小文字、数字、ピリオド、ハイフン、アンダースコアで、英字か数字で始まります。",
        bad_called="呼び名は {most} 文字までです。",
        bad_password="パスワードは {least} 文字以上 {most} 文字以下です。",
        weak_password="このパスワードは簡単に推測されます。名前とほとんど同じか、同じ文字の繰り返しです。別のものにしてください。",
        full="このサーバーはこれ以上アカウントを作れません。招待した人に伝えてください。",
        too_often="お使いのネットワークから招待のアドレスが何度も試されました。しばらく待ってから再読み込みしてください。",
        elsewhere="{label}でログイン",
    ),
    "ar": JoinWords(
        title="اختر اسمًا وكلمة مرور",
        about="أنت مدعو للعمل على هذا الخادم. بما تختاره هنا تسجّل الدخول من الآن فصاعدًا.",
        name="الاسم لتسجيل الدخول",
        name_hint="حتى {most} من الحروف اللاتينية الصغيرة والأرقام والنقاط والشرطات والشرطات السفلية. لا يتغير أبدًا.",
        called="الاسم الذي تُعرف به",
        password="كلمة المرور",
        password_hint="{least} أحرف على الأقل.",
        again="كلمة المرور نفسها مرة أخرى",
        enter="تسجيل الدخول",
        over="انتهت هذه الدعوة",
        over_why="استُخدمت هذه الدعوة أو انتهت. اطلب غيرها ممن أرسلها.",
        apart="كلمتا المرور مختلفتان. اكتبها مرة أخرى.",
        taken="هذا الاسم لشخص آخر. اختر غيره.",
        bad_name="في الاسم حتى {most} من الحروف اللاتينية الصغيرة والأرقام والنقاط والشرطات والشرطات السفلية، ويبدأ بحرف أو رقم.",
        bad_called="في الاسم الذي تُعرف به {most} حرف على الأكثر.",
        bad_password="في كلمة المرور {least} أحرف على الأقل و{most} على الأكثر.",
        weak_password="هذه الكلمة سهلة التخمين: لا تزيد كثيرًا على الاسم، أو هي حرف واحد مكرر. اختر غيرها.",
        full="لا يقبل هذا الخادم مزيدًا من الحسابات. أخبر من دعاك.",
        too_often="جُرّبت عناوين دعوات كثيرة من شبكتك. انتظر قليلًا ثم حمّل هذه الصفحة من جديد.",
        elsewhere="تسجيل الدخول عبر {label}",
    ),
}
