# needs: git
# git log writes each line by itself: in a pipe, chance would say how many of them a read gets.
prepare() { :; }
run() {
    export GIT_AUTHOR_DATE="2024-01-01T00:00:00Z" GIT_COMMITTER_DATE="2024-01-01T00:00:00Z"
    git -c init.defaultBranch=main init -q repo && cd repo
    git config user.name T && git config user.email t@example.org
    for i in 1 2 3; do echo "file $i" >f$i; done; touch -d 2020-01-01 f?
    git add . && git commit -q -m first
    echo more >>f1 && touch -d 2020-01-02 f1 && git commit -q -a -m second
    git log --oneline >log && cat log
    git status --short
    git diff HEAD~1 --stat >stat && cat stat
}
"$@"
