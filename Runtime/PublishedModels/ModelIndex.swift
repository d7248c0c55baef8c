public import Publication

/// The published models: which text of each is in force.
public typealias ModelIndex = PublishedIndex<PublishedModel>

/// Models, by names such as `dm_gold.top_drinkers`.
public enum PublishedModel: PublishedKind {
    public static let member = "models"

    public static func isName(_ name: String) -> Bool { !name.isEmpty }

    public static func unreadable(place: String, reason: String) -> PublishedModelError {
        .unreadable(place: place, reason: reason)
    }
}
