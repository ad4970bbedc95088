//! `aznetlint lsp`, by a client that follows a script over standard input and output.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A message that takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(60);

struct Client {
    process: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came and was not asked for yet.
    kept: Vec<Value>,
    id: i32,
}

impl Client {
    /// A client whose server was started, and no more.
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aznetlint"));
        command.arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.current_dir(std::env::temp_dir()).spawn().unwrap();
        let input = process.stdin.take();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { process, input, messages, kept: Vec::new(), id: 0 }
    }

    fn open(root: Option<&Path>, capabilities: &Value, debounce: u64) -> Self {
        let mut client = Self::start();
        let root = root.map(address);
        let params = json!({
            "capabilities": capabilities, "rootUri": root, "initializationOptions": { "debounce": debounce },
        });
        let answer = client.ask("initialize", &params);
        assert_eq!(answer["result"]["serverInfo"]["name"], "aznetlint", "{answer}");
        client.tell("initialized", &json!({}));
        client
    }

    fn write(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        self.wait(|message| message["id"] == id && message.get("method").is_none())
    }

    /// The next message of a kind; others are kept.
    fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&is_it) {
            return self.kept.remove(at);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            match self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(message) if is_it(&message) => return message,
                Ok(message) => self.kept.push(message),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => panic!("only: {:#?}", self.kept),
            }
        }
    }

    fn opened(&mut self, uri: &str, language: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    fn changed(&mut self, uri: &str, version: i32, changes: &Value) {
        let document = json!({ "uri": uri, "version": version });
        self.tell("textDocument/didChange", &json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// What is told of a version of a document; `null` is that of one that is not open.
    fn told(&mut self, uri: &str, version: impl Into<Value>) -> Vec<Value> {
        let version = version.into();
        let message = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"] == version
        });
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    fn at(&mut self, method: &str, uri: &str, position: &Value) -> Value {
        let answer = self.ask(method, &json!({ "textDocument": { "uri": uri }, "position": position }));
        answer["result"].clone()
    }

    fn actions(&mut self, uri: &str, diagnostic: &Value) -> Vec<Value> {
        let params = json!({
            "textDocument": { "uri": uri }, "range": diagnostic["range"], "context": { "diagnostics": [diagnostic] },
        });
        self.ask("textDocument/codeAction", &params)["result"].as_array().unwrap().clone()
    }

    /// Ends the session as it should be.
    fn close(mut self) {
        assert_eq!(self.ask("shutdown", &Value::Null)["result"], Value::Null);
        self.tell("exit", &Value::Null);
        assert_eq!(self.ended().code(), Some(0));
    }

    fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not end");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length?];
    from.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn address(path: &Path) -> String {
    let text = path.to_str().unwrap().replace('\\', "/");
    format!("file://{}{text}", if text.starts_with('/') { "" } else { "/" })
}

/// A copy of an example, with the path that the disk has.
fn copied(example: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
    for entry in walkdir::WalkDir::new(&from) {
        let entry = entry.unwrap();
        let to = root.join(entry.path().strip_prefix(&from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(&to).unwrap(),
            false => drop(std::fs::copy(entry.path(), &to).unwrap()),
        }
    }
    (folder, root)
}

fn codes(told: &[Value]) -> Vec<&str> {
    told.iter().map(|one| one["code"].as_str().unwrap_or("none")).collect()
}

/// A text with the edits of an action for one document made; lines end with `\n`, and no column needs counting in units.
fn edited(text: &str, action: &Value, uri: &str) -> String {
    let edits = action["edit"]["changes"][uri].as_array().or_else(|| {
        let documents = action["edit"]["documentChanges"].as_array()?;
        documents.iter().find(|one| one["textDocument"]["uri"] == uri)?["edits"].as_array()
    });
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |place: &Value| {
        let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
        starts[number("line")] + number("character")
    };
    let mut text = text.to_owned();
    for edit in edits.unwrap().iter().rev() {
        let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
        text.replace_range(range, edit["newText"].as_str().unwrap());
    }
    text
}

const BLOCKED: &str = "azureml/inbound-44224-blocked";

#[test]
fn a_session_from_the_first_word_to_the_last() {
    let (_folder, root) = copied("inbound-44224-blocked");
    let capabilities = json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } });
    let mut client = Client::open(Some(&root), &capabilities, 0);
    let uri = address(&root.join("nsg-training.json"));
    let text = std::fs::read_to_string(root.join("nsg-training.json")).unwrap();
    client.opened(&uri, "json", &text);
    let told = client.told(&uri, 1);
    assert_eq!(codes(&told), [BLOCKED, "nsg/rule-shadowed"]);
    let found = &told[0];
    assert_eq!((&found["severity"], &found["source"]), (&json!(1), &json!("aznetlint")));
    assert!(found["codeDescription"]["href"].as_str().unwrap().starts_with("https://learn.microsoft.com/"), "{found}");
    let related: Vec<&str> = found["relatedInformation"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["location"]["uri"].as_str().unwrap())
        .collect();
    assert!(related.iter().any(|uri| uri.ends_with("/vnet-vision-ml.json")), "{related:?}");

    let hover = client.at("textDocument/hover", &uri, &found["range"]["start"]);
    let said = hover["contents"]["value"].as_str().unwrap();
    assert!(said.contains(BLOCKED) && said.contains("Why:"), "{said}");

    let actions = client.actions(&uri, found);
    let fix = actions.iter().find(|action| action["isPreferred"] == true).unwrap();
    assert_eq!(fix["edit"]["documentChanges"][0]["textDocument"]["version"], 1);
    assert_eq!(codes(fix["diagnostics"].as_array().unwrap()), [BLOCKED]);
    client.changed(&uri, 2, &json!([{ "text": edited(&text, fix, &uri) }]));
    assert_eq!(codes(&client.told(&uri, 2)), [""; 0]);

    // What was typed and not saved is gone with the editor's window.
    client.tell("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
    assert_eq!(client.told(&uri, Value::Null).len(), 2);
    client.close();
}

#[test]
fn an_edit_of_one_file_changes_what_is_told_of_another() {
    let (_folder, root) = copied("inbound-44224-blocked");
    let mut client = Client::open(Some(&root), &json!({}), 0);
    let [nsg, cluster] = ["nsg-training.json", "cpu-cluster.json"].map(|name| address(&root.join(name)));
    // Nothing is open, and what the folder holds is told.
    assert!(codes(&client.told(&nsg, Value::Null)).contains(&BLOCKED));
    let text = std::fs::read_to_string(root.join("cpu-cluster.json")).unwrap();
    client.opened(&cluster, "json", &text);
    assert_eq!(client.told(&cluster, 1).len(), 0);
    let line = text.lines().position(|line| line.contains("enableNodePublicIp")).unwrap();
    let column = text.lines().nth(line).unwrap().find("true").unwrap();
    let range = json!({
        "start": { "line": line, "character": column }, "end": { "line": line, "character": column + 4 },
    });
    client.changed(&cluster, 2, &json!([{ "range": range, "text": "false" }]));
    assert!(!codes(&client.told(&nsg, Value::Null)).contains(&BLOCKED));
    let range = json!({ "start": range["start"], "end": { "line": line, "character": column + 5 } });
    client.changed(&cluster, 3, &json!([{ "range": range, "text": "true" }]));
    assert!(codes(&client.told(&nsg, Value::Null)).contains(&BLOCKED));
    let text = std::fs::read_to_string(root.join("nsg-training.json")).unwrap();
    client.opened(&nsg, "json", &text);
    assert!(codes(&client.told(&nsg, 1)).contains(&BLOCKED));
    client.close();
}

const NSG: &str = r#"{ "name": "é😀", "type": "Microsoft.Network/networkSecurityGroups", "x": "😀", "properties": { "securityRules": [
  { "name": "a", "properties": { "access": "Allow", "direction": "Inbound", "priority": 100, "protocol": "Tcp",
    "sourceAddressPrefix": "😀é", "sourcePortRange": "*", "destinationAddressPrefix": "Stor", "destinationPortRange": "443" } } ] } }"#;

/// The characters of a text at a range, columns counted by `units`.
fn slice<'t>(text: &'t str, range: &Value, units: fn(char) -> usize) -> &'t str {
    let line = text.lines().nth(usize::try_from(range["start"]["line"].as_u64().unwrap()).unwrap()).unwrap();
    let at = |place: &Value| {
        let mut left = usize::try_from(place["character"].as_u64().unwrap()).unwrap();
        let end = line.char_indices().find(|(_, letter)| match left {
            0 => true,
            _ => {
                left -= units(*letter);
                false
            }
        });
        end.map_or(line.len(), |(at, _)| at)
    };
    &line[at(&range["start"])..at(&range["end"])]
}

#[test]
fn columns_are_counted_as_was_agreed_whatever_ends_a_line() {
    let utf8 = json!({ "general": { "positionEncodings": ["utf-32", "utf-8", "utf-16"] } });
    for (capabilities, units) in [(utf8, char::len_utf8 as fn(char) -> usize), (json!({}), char::len_utf16)] {
        for text in [NSG.to_owned(), NSG.replace('\n', "\r\n")] {
            let mut client = Client::open(None, &capabilities, 0);
            let uri = "untitled:Untitled-1";
            client.opened(uri, "json", &text);
            let told = client.told(uri, 1);
            let places: Vec<&str> = told.iter().map(|one| slice(&text, &one["range"], units)).collect();
            assert!(places.contains(&"\"Stor\"") && places.contains(&"\"😀é\""), "{places:?} {told:#?}");
            // The tag of the second finding is mended by one edit behind characters of several units.
            let wrong = told.iter().find(|one| slice(&text, &one["range"], units) == "\"Stor\"").unwrap();
            let other = told.iter().find(|one| slice(&text, &one["range"], units) == "\"😀é\"").unwrap();
            let changes = json!([
                { "range": wrong["range"], "text": "\"Storage\"" },
                { "range": other["range"], "text": "\"Internet\"" },
            ]);
            client.changed(uri, 2, &changes);
            let left = client.told(uri, 2);
            assert!(!codes(&left).contains(&wrong["code"].as_str().unwrap()), "{left:#?}");
            let line = text.lines().nth(2).unwrap().replace("😀é", "Internet");
            let column: usize = line[..line.find("Stor").unwrap()].chars().map(units).sum();
            let hover = client.at("textDocument/hover", uri, &json!({ "line": 2, "character": column }));
            assert!(hover["contents"]["value"].as_str().unwrap().contains("**Storage** (service tag)"), "{hover}");
            client.close();
        }
    }
}

#[test]
fn a_value_leads_to_the_literal_that_somebody_wrote() {
    let (_folder, root) = copied("bicep-two-stages");
    let mut client = Client::open(Some(&root), &json!({}), 0);
    let uri = address(&root.join("main.bicep"));
    let text = std::fs::read_to_string(root.join("main.bicep")).unwrap();
    client.opened(&uri, "bicep", &text);
    client.told(&uri, 1);
    let mut leads: Vec<String> = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with("param")) {
        for (column, _) in line.match_indices(": ") {
            let place = json!({ "line": number, "character": column + 3 });
            let found = client.at("textDocument/definition", &uri, &place);
            let of = |one: &Value| one["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            leads.extend(found.as_array().unwrap().iter().map(of));
        }
    }
    assert!(
        ["dev.bicepparam", "prod.bicepparam"].iter().all(|name| leads.iter().any(|lead| lead == name)),
        "{leads:?}"
    );
    client.close();
}

#[test]
fn settings_and_rules_are_told_while_they_are_written() {
    let (_folder, root) = copied("inbound-44224-blocked");
    std::fs::create_dir_all(root.join("rules/mine")).unwrap();
    let rule = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/nsg/rule-shadowed.yaml"));
    let rule = rule.unwrap();
    std::fs::write(root.join("rules/mine/mine.yaml"), &rule).unwrap();
    std::fs::write(root.join("aznetlint.yaml"), "rules: [rules]\n").unwrap();
    let mut client = Client::open(Some(&root), &json!({}), 0);
    let [nsg, settings, mine] =
        ["nsg-training.json", "aznetlint.yaml", "rules/mine/mine.yaml"].map(|name| address(&root.join(name)));
    assert!(codes(&client.told(&nsg, Value::Null)).contains(&"mine/mine"));
    client.opened(&settings, "yaml", "rules: [rules]\nskip: [nsg/rule-shadowd]\n");
    let told = client.told(&settings, 1);
    assert_eq!(
        told[0]["range"],
        json!({ "start": { "line": 1, "character": 7 }, "end": { "line": 1, "character": 23 } })
    );
    // What was found stays, since nobody knows better.
    client.changed(&settings, 2, &json!([{ "text": "rules: [rules]\nskip: [mine/mine, public-ip" }]));
    assert_eq!(client.told(&settings, 2).len(), 1);
    client.changed(&settings, 3, &json!([{ "text": "rules: [rules]\nskip: [mine/mine]\n" }]));
    assert_eq!(client.told(&settings, 3).len(), 0);
    assert!(!codes(&client.told(&nsg, Value::Null)).contains(&"mine/mine"));
    let hover = client.at("textDocument/hover", &settings, &json!({ "line": 1, "character": 10 }));
    assert!(hover["contents"]["value"].as_str().unwrap().starts_with("**mine/mine**"), "{hover}");
    client.changed(&settings, 4, &json!([{ "text": "rules: [rules]\nfacts: { public-ip: true }\n" }]));
    let hover = client.at("textDocument/hover", &settings, &json!({ "line": 1, "character": 12 }));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("(fact, boolean)"), "{hover}");
    client.opened(&mine, "yaml", &rule.replace("level:", "levle:"));
    let told = client.told(&mine, 1);
    assert!(told[0]["message"].as_str().unwrap().contains("levle"), "{told:?}");
    client.close();
}

#[test]
fn a_comment_that_allows_is_offered_where_it_holds() {
    let uri = "untitled:main.bicep";
    let text = "resource nsg 'Microsoft.Network/networkSecurityGroups@2023-11-01' = {\n  name: 'n'\n  location: 'westeurope'\n  properties: {\n    securityRules: [\n      {\n        name: 'a'\n        properties: {\n          access: 'Allow'\n          direction: 'Inbound'\n          priority: 100\n          protocol: 'Tcp'\n          sourceAddressPrefix: 'Stor'\n          sourcePortRange: '*'\n          destinationAddressPrefix: '*'\n          destinationPortRange: '443'\n        }\n      }\n    ]\n  }\n}\n";
    let mut client = Client::open(None, &json!({}), 0);
    client.opened(uri, "bicep", text);
    let told = client.told(uri, 1);
    let actions = client.actions(uri, &told[0]);
    let allow = actions.iter().find(|action| action["title"].as_str().unwrap().starts_with("allow `")).unwrap();
    client.changed(uri, 2, &json!([{ "text": edited(text, allow, uri) }]));
    let left = client.told(uri, 2);
    assert!(!codes(&left).contains(&told[0]["code"].as_str().unwrap()), "{left:#?}");
    client.close();
}

#[test]
fn what_is_no_message_is_answered_or_ends_the_session() {
    // Before anything is said, nothing is answered but that.
    let mut client = Client::start();
    assert_eq!(client.ask("textDocument/hover", &json!({}))["error"]["code"], -32002);
    client.tell("textDocument/didOpen", &json!({ "textDocument": 7 }));
    client.write("{ this is no JSON");
    assert_eq!(client.wait(|message| message["id"].is_null())["error"]["code"], -32700);
    client.write("[1, 2]");
    assert_eq!(client.wait(|message| message["id"].is_null())["error"]["code"], -32600);
    assert_eq!(client.ask("initialize", &json!([]))["error"]["code"], -32602);
    assert!(client.ask("initialize", &json!({ "capabilities": {} }))["result"]["capabilities"].is_object());
    assert_eq!(client.ask("initialize", &json!({ "capabilities": {} }))["error"]["code"], -32600);
    assert_eq!(client.ask("textDocument/codeAction", &json!({ "range": "x" }))["error"]["code"], -32602);
    assert_eq!(client.ask("no/such", &json!({}))["error"]["code"], -32601);
    client.changed("untitled:none", 2, &json!([{ "text": "" }]));
    client.opened("not an address", "json", "{");
    let place = json!({ "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 });
    client.opened("untitled:a.json", "json", "{ \"securityRules\": ");
    assert_eq!(client.told("untitled:a.json", 1).len(), 1);
    assert_eq!(client.at("textDocument/hover", "untitled:a.json", &place), Value::Null);
    let change = json!([{ "range": { "start": place, "end": { "line": 0, "character": 0 } }, "text": "[]}" }]);
    client.changed("untitled:a.json", 2, &change);
    assert!(client.told("untitled:a.json", 2).iter().all(|one| one["code"] != "syntax"));
    assert_eq!(client.ask("shutdown", &Value::Null)["result"], Value::Null);
    assert_eq!(client.ask("textDocument/hover", &json!({}))["error"]["code"], -32600);
    client.tell("exit", &Value::Null);
    assert_eq!(client.ended().code(), Some(0));
}

#[test]
fn a_session_without_shutdown_fails() {
    let ended = |bytes: &[u8]| {
        let mut client = Client::start();
        client.input.as_mut().unwrap().write_all(bytes).unwrap();
        client.input = None;
        let status = client.ended().code();
        let mut told = String::new();
        client.process.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (status, told)
    };
    let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
    assert_eq!(ended(format!("Content-Length: {}\r\n\r\n{exit}", exit.len()).as_bytes()), (Some(1), String::new()));
    assert_eq!(ended(b""), (Some(1), String::new()));
    let (status, told) = ended(b"Content-Length: 18446744073709551615\r\n\r\n{}");
    assert_eq!(status, Some(2));
    assert!(told.contains("longer than"), "{told}");
    assert_eq!(ended(b"GET / HTTP/1.1\r\n\r\n").0, Some(2));
}

/// A template as large as those that people work on.
const LARGE: &str = "/tmp/bic/azure-quickstart-templates/quickstarts/microsoft.machinelearningservices/machine-learning-end-to-end-secure/azuredeploy.json";

#[test]
fn how_long_it_takes_after_a_key() {
    let Ok(text) = std::fs::read_to_string(LARGE) else {
        println!("skipped: {LARGE} is not there");
        return;
    };
    let folder = TempDir::new().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    std::fs::write(root.join("azuredeploy.json"), &text).unwrap();
    let mut client = Client::open(Some(&root), &json!({}), 0);
    let uri = address(&root.join("azuredeploy.json"));
    client.opened(&uri, "json", &text);
    client.told(&uri, 1);
    let line = text.lines().position(|line| line.contains("\"description\": \"")).unwrap();
    let column = text.lines().nth(line).unwrap().find(": \"").unwrap() + 3;
    let place = json!({ "line": line, "character": column });
    let mut times: Vec<Duration> = (0..100)
        .map(|at| {
            // As fast as people type.
            std::thread::sleep(Duration::from_millis(20));
            let start = Instant::now();
            client.changed(&uri, at + 2, &json!([{ "range": { "start": place, "end": place }, "text": "x" }]));
            client.told(&uri, at + 2);
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("100 edits of {} bytes: median {:?}, the longest {:?}", text.len(), times[50], times[99]);
    client.close();
}
