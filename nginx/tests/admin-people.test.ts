import { describe, expect, it } from "vitest";
import { parseMailed } from "../src/admin/chasing";
import { NOT_DUE } from "../src/admin/due";
import { parseParty } from "../src/admin/party-wire";
import { Making, type MakingPorts, type Wanted } from "../src/admin/people/making";
import { summaryWords } from "../src/admin/people/panel";
import { mailedWords, peopleOfLink } from "../src/admin/people/tab";
import { filledIn, MOST_PEOPLE, peopleOf } from "../src/admin/people/table";
import type { Terms } from "../src/admin/terms";
import type { OwnerLink, Told } from "../src/admin/wire";
import { UploadError } from "../src/core/errors";

const IN = "clients/{name}";
const read = (text: string, pattern = IN) =>
  peopleOf(text, pattern).map(({ name, email, folder, problem }) => [name, email, folder, problem]);

describe("a list of people", () => {
  it.each([
    "Anna Berg, anna@example.org\nBen, ben@example.org\n",
    "Anna Berg\tanna@example.org\r\nBen\tben@example.org",
    "anna@example.org;Anna Berg\n\nben@example.org;Ben",
    'Name,E-Mail\n"Anna\nBerg",anna@example.org\nBen,ben@example.org',
    "\ufeffemail;name\nanna@example.org;Anna Berg\nben@example.org;Ben",
    '"Anna Berg" <anna@example.org>\nBen <ben@example.org>',
  ])("is read as it is pasted: %j", (text) => {
    expect(read(text)).toEqual([
      ["Anna Berg", "anna@example.org", "clients/Anna Berg", ""],
      ["Ben", "ben@example.org", "clients/Ben", ""],
    ]);
  });

  it("takes folders, and names what is alone", () => {
    expect(read("Anna,anna@example.org,tax/anna\nBen\ncarl@example.org")).toEqual([
      ["Anna", "anna@example.org", "tax/anna", ""],
      ["Ben", "", "clients/Ben", ""],
      ["", "carl@example.org", "clients/carl@example.org", ""],
    ]);
    expect(read('"Tom / ""T"" Sons",t@example.org')[0]).toEqual([
      'Tom / "T" Sons',
      "t@example.org",
      'clients/Tom - "T" Sons',
      "",
    ]);
    expect(read("../../etc,a@example.org", "{name}")[0]?.[2]).toBe("..-..-etc");
    expect(read("..,a@example.org", "x/{name}")[0]?.[2]).toBe("x");
  });

  it("marks what is wrong, and only that", () => {
    const found = read("Anna,anna@\nBen,ben@example.org\nBen,ben@example.org\nBen,other@example.org");
    expect(found.map(([, , , problem]) => problem)).toEqual([
      "That is no e-mail address.",
      "",
      "It is in the list twice.",
      "Somebody above has the same folder.",
    ]);
    const many = Array.from({ length: MOST_PEOPLE + 1 }, (_, n) => `n${n}`).join("\n");
    expect(peopleOf(many, IN).filter(({ problem }) => problem !== "")).toHaveLength(1);
    expect(read("")).toEqual([]);
    expect(read("name,email\n")).toEqual([]);
  });

  it("takes a language by its code or its own name, where a column says so", () => {
    const languages = (text: string) =>
      peopleOf(text, IN).map(({ language, problem }) => [language, problem]);
    expect(languages("Name,Language\nAnna,FR\nBen,deutsch\nCarl,\nDora,Klingon")).toEqual([
      ["fr", ""],
      ["de", ""],
      ["auto", ""],
      ["auto", "Write the language as ar, de, en, es, fr, ja, pl."],
    ]);
    expect(languages("Anna, anna@example.org, tax, fr")).toEqual([["auto", ""]]);
  });

  it("fills in what stands in braces, and nothing else", () => {
    const person = { name: "Anna", email: "a@b.example", folder: "f" };
    expect(filledIn("Dear {name}, {Name} {email} {folder} {other} $&", person)).toBe(
      "Dear Anna, Anna a@b.example f {other} $&",
    );
    expect(filledIn("{name}", { ...person, name: "", email: "$&" })).toBe("$&");
  });

  it("is summed up", () => {
    expect(summaryWords(1, 1, 0)).toBe("1 person");
    expect(summaryWords(5, 3, 1)).toBe("5 people · 3 to do · 1 with a problem, left out");
  });
});

describe("making links for them", () => {
  const people = peopleOf(
    "Name,E-mail,Language\nAnna,anna@example.org,fr\nBen,ben@example.org\nCarl\nbad,x@",
    IN,
  );
  const terms: Terms = { title: "Papers of {name}" };
  const wanted: Wanted = { terms, text: "Dear {name}" };

  function house(fail: Record<string, unknown[]> = {}) {
    const links: OwnerLink[] = [];
    const mails: string[] = [];
    const waits: number[] = [];
    const failing = (name: string): void => {
      const error = fail[name]?.shift();
      if (error) throw error;
    };
    const ports: MakingPorts = {
      create: async (folder, own) => {
        failing(`create ${folder}`);
        const due = {
          ...NOT_DUE,
          forName: own.recipient_name ?? "",
          forEmail: own.recipient_email ?? "",
          forLanguage: own.recipient_language ?? "auto",
        };
        const link = { hash: `h${links.length}`, folder, title: own.title, due, active: true } as OwnerLink;
        links.push(link);
        failing(`created ${folder}`);
        return link;
      },
      links: async () => links,
      mail: async (hash, to, text) => {
        failing(`mail ${to}`);
        mails.push(`${hash} ${to} ${text}`);
        failing(`mailed ${to}`);
        return [] as Told[];
      },
      wasMailed: async (hash) => mails.some((each) => each.startsWith(`${hash} `)),
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
      },
    };
    return { links, mails, waits, ports, making: new Making(ports) };
  }
  const ALL = ["h0 anna@example.org Dear Anna", "h1 ben@example.org Dear Ben"];
  const lost = () => new UploadError("lost", { code: "network_error" });
  const refused = (status: number, retryAfter: number | null = null) =>
    new UploadError("no", { code: "x", status, retryAfter });

  it("makes and mails each once, however often it is asked to", async () => {
    const { making, links, mails } = house();
    const told: string[] = [];
    await making.run(people, wanted, (person) => told.push(person?.name ?? ""));
    await making.run(people, wanted, (person) => told.push(person?.name ?? ""));
    expect(links.map(({ folder, title }) => [folder, title])).toEqual([
      ["clients/Anna", "Papers of Anna"],
      ["clients/Ben", "Papers of Ben"],
      ["clients/Carl", "Papers of Carl"],
    ]);
    expect(mails).toEqual(ALL);
    expect(links.map(({ due }) => due.forLanguage)).toEqual(["fr", "auto", "auto"]);
    expect(told).toEqual(["Anna", "Ben", "Carl"]);
    expect(making.left(people, true)).toEqual([]);
  });

  it("begins nothing twice after a reload, and mails those who were not", async () => {
    const { making, links, mails, ports } = house({ "mail ben@example.org": [refused(400)] });
    await making.run(people, wanted, () => {});
    expect(mails).toEqual(ALL.slice(0, 1));
    const again = new Making(ports);
    await again.run(people, wanted, () => {});
    expect(links).toHaveLength(3);
    expect(mails).toEqual(ALL);
    expect(again.of(people[0] as never)).toMatchObject({ mailed: true, error: null });
  });

  it.each([
    ["create clients/Anna", 0],
    ["created clients/Anna", 1],
    ["mailed anna@example.org", 1],
  ])("stops where the server is away (%s), and goes on without doing anything twice", async (where, made) => {
    const { making, links, mails } = house({ [where]: [lost()] });
    await making.run(people, wanted, () => {});
    expect(links).toHaveLength(made);
    await making.run(people, wanted, () => {});
    expect(links.map(({ folder }) => folder)).toEqual(["clients/Anna", "clients/Ben", "clients/Carl"]);
    expect(mails).toEqual(ALL);
  });

  it("goes on with the others where one is refused, and waits as long as the server wants", async () => {
    const { making, links, waits } = house({
      "create clients/Anna": [refused(400)],
      "create clients/Ben": [refused(429, 7), refused(429)],
    });
    const pauses: number[] = [];
    await making.run(people, { terms, text: null }, (_, seconds) => pauses.push(seconds));
    expect(links.map(({ folder }) => folder)).toEqual(["clients/Ben", "clients/Carl"]);
    expect(waits).toEqual([7_000, 30_000]);
    expect(pauses).toEqual([0, 7, 30, 0, 0]);
    expect(making.of(people[0] as never).error).toMatchObject({ status: 400 });
    expect(making.left(people, false)).toEqual([people[0]]);
  });
});

describe("the people of a link", () => {
  const party = (id: string, state: string, email = "") => parseParty({ id, state, email, items: {} });
  const mail = (recipient: string, kind: string, created_at: number, state = "sent") => ({
    recipient,
    kind,
    created_at,
    state,
  });

  it("are who has sent and who was only mailed, those first who have to do something", () => {
    const parties = [
      party("a", "finished", "Anna@example.org"),
      party("b", "begun"),
      party("c", "not_begun"),
    ];
    const awaited = [
      { email: "anna@example.org", stopped: false },
      { email: "dora@example.org", stopped: true },
    ];
    const found = peopleOfLink(parties, { people: awaited, nextAt: null }, []);
    expect(found.map(({ party: { id, state } }) => [id, state])).toEqual([
      ["c", "not_begun"],
      ["mail dora@example.org", "not_begun"],
      ["b", "begun"],
      ["a", "finished"],
    ]);
    // Only of whom files are awaited, by the address that the server knows.
    expect(found.map(({ remindAt }) => remindAt)).toEqual([null, null, null, "anna@example.org"]);
    expect(found.filter(({ stopped }) => stopped).map(({ party: { email } }) => email)).toEqual([
      "dora@example.org",
    ]);
  });

  it("are told with the newest mail that asked them, whoever else was told what", () => {
    const mails = parseMailed({
      messages: [
        mail("anna@example.org", "reminder", 20),
        mail("anna@example.org", "invitation", 10),
        mail("anna@example.org", "reminder", 30, "given_up"),
        mail("owner@example.org", "files.received", 40),
      ],
    });
    const [anna] = peopleOfLink(
      [party("a", "begun", "ANNA@example.org")],
      { people: [], nextAt: null },
      mails,
    );
    expect(anna?.mailed).toEqual({ email: "anna@example.org", kind: "reminder", at: 20_000 });
    expect(mailedWords({ email: "", kind: "reminder", at: Date.now() }, false)).toBe("Reminded just now");
    expect(mailedWords({ email: "", kind: "invitation", at: Date.now() }, false)).toBe("Mailed just now");
    expect(mailedWords(null, true)).toBe("Wants no reminders");
    expect(mailedWords(null, false)).toBe("");
  });
});
