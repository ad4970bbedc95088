//! Walks folders and reads every JSON file: the work that a run over a repository cannot do without.

fn main() {
    let (mut files, mut bytes) = (0, 0);
    for folder in std::env::args().skip(1) {
        for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
            if entry.path().extension().is_some_and(|extension| extension == "json") {
                files += 1;
                bytes += std::fs::read(entry.path()).map_or(0, |content| content.len());
            }
        }
    }
    println!("{files} files, {bytes} bytes");
}
