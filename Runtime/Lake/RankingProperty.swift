/// The property of a model's table by which it is shown: `avg_rating desc, total_reviews desc`.
public enum RankingProperty {
    public static let name = "cupel.ranking"
}
