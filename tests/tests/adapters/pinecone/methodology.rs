//! A folder of Markdown files, shared with all users.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use domain::Recalled;
use domain::memory::RecalledKind;
use peers::pinecone::Pinecone as Peer;
use peers::{Proxy, Trouble};
use pinecone::{Pinecone, Progress, Shared};
use ports::{Bill, IndexEntry, MemoryIndex, Search};
use tempfile::TempDir;

use super::{Counting, adapter, adapter_with, entry, peer, search, user};

/// 130 files of one piece each: more than a page of the index's list, and many batches.
const FILES: usize = 130;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..FILES {
        write(
            folder.path(),
            n,
            &format!("# Rule {n}\n\nRest {n} minutes between sets."),
        );
    }
    folder
}

fn write(folder: &Path, n: usize, text: &str) {
    std::fs::write(folder.join(format!("rule-{n:03}.md")), text).unwrap();
}

fn read(folder: &TempDir) -> Vec<IndexEntry> {
    methodology::read(folder.path()).unwrap()
}

async fn share(index: &Pinecone, folder: &TempDir) -> Shared {
    index.share(&read(folder), |_| ()).await.unwrap()
}

async fn found(index: &Pinecone, owner: &str, text: &str) -> Vec<Recalled> {
    let search = Search {
        kinds: vec![RecalledKind::Methodology],
        ..search(owner, text)
    };
    index.search(&search, &Bill::default()).await.unwrap()
}

fn embedding(peer: &Peer) -> (Pinecone, Arc<Counting>) {
    let counting = Counting::new();
    (adapter_with(&peer.url(), counting.clone()), counting)
}

#[tokio::test]
async fn what_is_shared_is_found_by_every_user_and_changed_by_none() {
    let peer = peer(0).await;
    let index = adapter(&peer.url());
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        1,
        "# Deload\n\nTake a light week after three hard ones.",
    );
    assert_eq!(
        share(&index, &folder).await,
        Shared {
            kept: 0,
            added: 1,
            removed: 0
        }
    );
    for owner in ["ada", "bob"] {
        let hits = found(&index, owner, "a light week").await;
        assert_eq!((hits.len(), &hits[0].owner), (1, &None));
        index
            .delete(&user(owner), RecalledKind::Methodology, &hits[0].id)
            .await
            .unwrap();
    }
    assert_eq!(found(&index, "ada", "a light week").await.len(), 1);
    index
        .upsert(
            &user("ada"),
            &entry("m", "I want a light week"),
            &Bill::default(),
        )
        .await
        .unwrap();
    let both = index
        .search(&search("ada", "a light week"), &Bill::default())
        .await
        .unwrap();
    assert_eq!(
        both.iter()
            .map(|hit| hit.kind)
            .collect::<BTreeSet<_>>()
            .len(),
        2,
        "{both:?}"
    );
    assert!(both.is_sorted_by(|a, b| a.score >= b.score));
    let only = Search {
        kinds: vec![RecalledKind::Memory],
        ..search("ada", "a light week")
    };
    assert_eq!(
        index.search(&only, &Bill::default()).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn only_what_has_changed_is_embedded_again() {
    let peer = peer(0).await;
    let (index, counting) = embedding(&peer);
    let folder = folder();
    assert_eq!(
        share(&index, &folder).await,
        Shared {
            kept: 0,
            added: FILES,
            removed: 0
        }
    );
    assert_eq!(
        (counting.taken(), peer.count("methodology")),
        (FILES, FILES)
    );

    assert_eq!(
        share(&index, &folder).await,
        Shared {
            kept: FILES,
            added: 0,
            removed: 0
        }
    );
    assert_eq!(counting.taken(), 0);

    write(folder.path(), 7, "# Rule 7\n\nRest as long as you like.");
    assert_eq!(
        share(&index, &folder).await,
        Shared {
            kept: FILES - 1,
            added: 1,
            removed: 1
        }
    );
    assert_eq!((counting.taken(), peer.count("methodology")), (1, FILES));
    assert!(
        found(&index, "ada", "rest as long as you like").await[0]
            .text
            .contains("as you like")
    );
    assert!(
        found(&index, "ada", "rule 7 rest 7 minutes")
            .await
            .iter()
            .all(|hit| !hit.text.contains("Rest 7 minutes"))
    );

    counting.taken();
    std::fs::remove_file(folder.path().join("rule-008.md")).unwrap();
    assert_eq!(
        share(&index, &folder).await,
        Shared {
            kept: FILES - 1,
            added: 0,
            removed: 1
        }
    );
    assert_eq!(
        (counting.taken(), peer.count("methodology")),
        (0, FILES - 1)
    );
}

#[tokio::test]
async fn a_load_that_broke_off_goes_on_where_it_ended() {
    let folder = folder();
    for lost in [Trouble::Cut, Trouble::LostAnswer] {
        let peer = peer(0).await;
        let proxy = Proxy::before(&peer.url()).await.unwrap();
        let counting = Counting::new();
        let index = adapter_with(&proxy.url(), counting.clone());
        let mut writes = 0;
        let lose = lost.clone();
        proxy.judge(move |path, _, _| {
            writes += usize::from(path == "/vectors/upsert");
            (path == "/vectors/upsert" && writes == 4).then(|| lose.clone())
        });
        let mut told: Vec<Progress> = Vec::new();
        index
            .share(&read(&folder), |progress| told.push(progress))
            .await
            .unwrap_err();
        let there = told.last().unwrap().done;
        assert!(
            there > 0 && there < FILES && told.is_sorted_by_key(|progress| progress.done),
            "{told:?}"
        );
        let first = counting.taken();

        proxy.calm();
        let mut again: Vec<Progress> = Vec::new();
        let shared = index
            .share(&read(&folder), |progress| again.push(progress))
            .await
            .unwrap();
        assert_eq!((shared.kept + shared.added, shared.removed), (FILES, 0));
        assert!(
            again[0].done >= there
                && again.last()
                    == Some(&Progress {
                        done: FILES,
                        of: FILES
                    }),
            "{again:?}"
        );
        // What is made twice is one batch at most.
        assert!(first + counting.taken() <= FILES + 16);
        assert_eq!(peer.count("methodology"), FILES);
    }
}

#[tokio::test]
async fn an_index_that_lags_behind_ends_up_the_same() {
    let peer = peer(3).await;
    let (index, _) = embedding(&peer);
    let folder = folder();
    for _ in 0..3 {
        share(&index, &folder).await;
    }
    std::fs::remove_file(folder.path().join("rule-000.md")).unwrap();
    for _ in 0..3 {
        share(&index, &folder).await;
    }
    assert_eq!(peer.count("methodology"), FILES - 1);
    assert_eq!(
        share(&index, &folder).await,
        Shared {
            kept: FILES - 1,
            added: 0,
            removed: 0
        }
    );
}
