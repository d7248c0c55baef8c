internal import EmulatorCore

/// What all pages share: the head, the way to the other pages, and the content.
enum Layout {
    static func page(_ content: Page.Content, page: Page?, settings: Console.Settings) -> HTML {
        // A part of the pipeline is below the first page.
        let section = page?.section == "flow" ? "" : page?.section
        let links = Page.all.filter(\.isInNavigation).map { other -> HTML in
            let current: HTML = other.section == section ? " aria-current=\"page\"" : ""
            return "<li><a href=\"\(Console.root)\(other.section)\"\(current)>\(other.name)</a></li>"
        }
        let mode: HTML =
            settings.isReadOnly
            ? "<span class=\"badge\" title=\"Start it with --allow-replay to replay\">reads only</span>" : ""
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(content.title) · Cupel</title>
            <link rel="icon" href="\(Console.root)assets/icon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="\(Asset.style.address)">
            <script src="\(Asset.script.address)" defer></script>
            </head>
            <body data-section="\(page?.section ?? "")">
            <a class="skip" href="#content">Skip to the content</a>
            <header class="top">
            <a class="brand" href="\(Console.root)"><img src="\(Console.root)assets/icon.svg" alt="" width="20" height="20">Cupel</a>
            <nav aria-label="Pages"><ul>\(links)</ul></nav>
            <p class="where">\(mode)<span class="pipeline">\(settings.title)</span> <span id="live" class="live" role="status">connecting</span></p>
            </header>
            <main id="content" tabindex="-1">
            <h1>\(content.title)</h1>
            \(content.body)
            </main>
            <div id="said" class="said" role="status" aria-live="polite"></div>
            </body>
            </html>

            """
    }
}
