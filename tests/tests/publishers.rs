//! Whose packages are installed where it is to count who signed them.

use guildhall_plugin_host::SigningKey;
use guildhall_tests::{Place, Ran, Role, Server, Variant, data, places};
use serde_json::{Value, json};

use crate::small::customers;

fn key(byte: &str) -> SigningKey {
    SigningKey::read(&byte.repeat(32)).unwrap()
}

/// Runs a command where unsigned packages are refused.
fn strictly(place: &Place, arguments: &[&str]) -> Ran {
    let output = place.program().env_remove("GUILDHALL_PLUGINS_UNSIGNED").args(arguments).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn a_deployment_takes_packages_of_those_it_trusts() {
    for place in places().await {
        let (acme, eve) = (key("07"), key("08"));
        let variant = Variant::new("1.0.0", 11);
        let file = |name: &str, bytes: Vec<u8>| place.file(name, bytes).to_string_lossy().into_owned();
        let unsigned = file("unsigned.wasm", variant.bytes());
        let signed = file("signed.wasm", variant.signed(&acme, "acme"));
        // She says that she is `acme`.
        let forged = file("forged.wasm", variant.signed(&eve, "acme"));
        let install = |path: &str| strictly(&place, &["plugin", "install", path, "--yes"]);
        for (path, shown) in [(&unsigned, "NOT SIGNED"), (&signed, "NOT TRUSTED"), (&forged, "NOT TRUSTED")] {
            let ran = install(path);
            assert_eq!((ran.code, ran.stdout.contains(shown)), (Some(3), true), "{ran:?}");
            assert!(ran.stdout.contains("only packages of trusted publishers are installed here"), "{}", ran.stdout);
        }
        place.done(&["publisher", "trust", "acme-inc", &acme.public(), "--as", "ada"]);
        let ran = place.run(&["publisher", "trust", "acme-inc", &eve.public()]);
        assert_eq!((ran.code, ran.stderr.contains("is trusted already")), (Some(3), true), "{ran:?}");
        assert_eq!(install(&forged).code, Some(3));
        assert_eq!(install(&unsigned).code, Some(3));
        let ran = install(&signed);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(
            ran.stdout.contains(&format!("signed by `acme-inc`, who is trusted (ed25519 {})", acme.public())),
            "{}",
            ran.stdout
        );
        let listed: Value = serde_json::from_str(&place.done(&["plugin", "list", "--json"])).unwrap();
        assert_eq!((&listed[0]["publisher"], &listed[0]["publisherKey"]), (&json!("acme-inc"), &json!(acme.public())));
        let told = place.done(&["publisher", "distrust", "acme-inc"]);
        assert!(told.contains("settled 1.0.0 is signed by it and stays"), "{told}");
        assert_eq!(place.done(&["publisher", "list"]), "");
        let next = file("next.wasm", Variant::new("1.1.0", 22).signed(&acme, "acme"));
        let ran = strictly(&place, &["plugin", "upgrade", &next, "--yes"]);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(
            ran.stdout.contains("was signed by `acme-inc`, and is signed with a key that is NOT TRUSTED"),
            "{}",
            ran.stdout
        );
    }
}

#[tokio::test]
async fn a_package_changed_after_it_was_signed_is_none() {
    for place in places().await {
        let signed = Variant::new("1.0.0", 11).signed(&key("07"), "acme");
        let text = "Answers what it is set to.";
        let at = signed.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
        let mut changed = signed;
        changed[at] = b'a';
        let path = place.file("changed.wasm", changed);
        let ran = place.run(&["plugin", "install", &path.to_string_lossy(), "--yes"]);
        assert_eq!((ran.code, ran.stderr.contains("the signature")), (Some(2), true), "{ran:?}");
    }
}

/// Admins trust by the API, and nobody else does.
#[tokio::test]
async fn publishers_are_trusted_through_the_api() {
    for place in places().await {
        customers(&place);
        place.activate(&data("small/strategy.toml"));
        let server = Server::start(place);
        let trust = "mutation($input: TrustPublisherInput!) { trustPublisher(input: $input) { __typename \
            ... on PublisherTrusted { publisher { id name key status trustedBy } } ... on Invalid { problems { path } } \
            ... on Refused { reasons { message } } } }";
        let done = async |input: Value| {
            server.graphql(Role::Admin, trust, json!({ "input": input })).await.data()["trustPublisher"].take()
        };
        let public = key("07").public();
        let input = json!({ "name": "acme", "publicKey": public, "idempotencyKey": "one" });
        let trusted = done(input.clone()).await;
        let publisher = &trusted["publisher"];
        assert_eq!(
            (&publisher["name"], &publisher["key"], &publisher["status"], &publisher["trustedBy"]),
            (&json!("acme"), &json!(public), &json!("TRUSTED"), &json!("ada"))
        );
        assert_eq!(done(input).await, trusted);
        for (name, public, field) in
            [("Acme", public.as_str(), "name"), ("other", "00", "publicKey"), ("other", &"0".repeat(64), "publicKey")]
        {
            let told =
                done(json!({ "name": name, "publicKey": public, "idempotencyKey": format!("{name}{}", public.len()) }))
                    .await;
            assert_eq!(told["problems"][0]["path"], json!([field]), "{told}");
        }
        let distrust = "mutation($input: DistrustPublisherInput!) { distrustPublisher(input: $input) { __typename \
            ... on PublisherDistrusted { publisher { status distrustedBy } } ... on Refused { reasons { code } } } }";
        let ended = async |key: &str| {
            let input = json!({ "publisher": publisher["id"], "idempotencyKey": key });
            server.graphql(Role::Admin, distrust, json!({ "input": input })).await.data()["distrustPublisher"].take()
        };
        assert_eq!(ended("end").await["publisher"], json!({ "status": "DISTRUSTED", "distrustedBy": "ada" }));
        assert_eq!(ended("again").await["reasons"][0]["code"], "NOT_FOUND");
        for role in [Role::Reader, Role::Department] {
            let sdl = server.get(role, "/schema.graphql").await.text;
            assert!(!sdl.contains("trustPublisher") && !sdl.contains("upgradePlugin"), "{role:?}");
        }
    }
}
